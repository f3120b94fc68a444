{
  const box = document.currentScript.parentElement;
  const { module, spec, data } = JSON.parse(box.querySelector("script").textContent);
  const held = { spec, data: Uint8Array.from(atob(data.split(",")[1]), (c) => c.charCodeAt(0)) };
  const model = {
    get: (name) => held[name], set: (name, value) => { held[name] = value; },
    on() {}, off() {}, save_changes() {},
  };
  const still = box.querySelector(".emolib-explorer-still");
  const el = box.appendChild(document.createElement("div"));
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  still.hidden = true;
  import(address).then((explorer) => explorer.default.render({ model, el })).catch((error) => {
    still.hidden = false;
    el.remove();
    console.warn("The explorer could not start:", error);
  });
}
