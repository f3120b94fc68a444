{
  const box = document.currentScript.parentElement;
  const { module, traits } = JSON.parse(box.querySelector("script").textContent);
  const bytes = "data:application/octet-stream;base64,";
  const held = { ...traits, inPage: !box.closest(".reveal") }; // on a slide the address is the deck's
  for (const [name, value] of Object.entries(traits)) {
    if (typeof value !== "string" || !value.startsWith(bytes)) continue;
    held[name] = Uint8Array.from(atob(value.slice(bytes.length)), (c) => c.charCodeAt(0));
  }
  const model = {
    get: (name) => held[name], set: (name, value) => { held[name] = value; },
    on() {}, off() {}, save_changes() {},
  };
  const still = box.querySelector("[data-still]");
  const el = box.appendChild(document.createElement("div"));
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  still.hidden = true;
  import(address).then((it) => it.default.render({ model, el })).catch((error) => {
    still.hidden = false;
    el.remove();
    console.warn("What can be touched here could not start:", error);
  });
}
