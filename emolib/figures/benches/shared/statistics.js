// Distributions, to the precision of double numbers.

/** The logarithm of the gamma function (Lanczos). */
function lgamma(x) {
    const parts = [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
        -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
        1.5056327351493116e-7,
    ];
    if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lgamma(1 - x);
    const t = x + 6.5;
    const sum = parts.reduce((total, part, i) => total + (i ? part / (x - 1 + i) : part), 0);
    return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The regularised incomplete beta function (Lentz's continued fraction). */
function betainc(a, b, x) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - betainc(b, a, 1 - x);
    const front = Math.exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
    const safe = (value) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
    let d = 1 / safe(1 - ((a + b) * x) / (a + 1));
    let [c, result] = [1, d];
    for (let m = 1; m < 500; m++) {
        const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
        const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
        for (const part of [even, odd]) {
            d = 1 / safe(1 + part * d);
            c = safe(1 + part / c);
            result *= c * d;
        }
        if (Math.abs(c * d - 1) < 1e-15) break;
    }
    return front * result;
}

/** The probability of at most k of n, each with probability p. */
export const binomialCdf = (k, n, p) => (k < 0 ? 0 : k >= n ? 1 : betainc(n - k, k + 1, 1 - p));

/** The smallest k with at least the probability q of at most k of n. */
export function binomialQuantile(q, n, p) {
    let [low, high] = [-1, n];
    while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (binomialCdf(middle, n, p) >= q) high = middle;
        else low = middle;
    }
    return high;
}

/** The normal distribution's cumulative function, by the incomplete beta function's kin. */
export function normalCdf(z) {
    const x = (z * z) / 2; // the incomplete gamma function of 1/2, as series or continued fraction
    if (x === 0) return 0.5;
    let tail;
    if (x < 3) {
        let [sum, term] = [2, 2];
        for (let n = 1; n < 200 && term > 1e-17 * sum; n++) sum += term *= x / (n + 0.5);
        tail = 1 - sum * Math.sqrt(x / Math.PI) * Math.exp(-x);
    } else {
        let [b, c, d] = [x + 0.5, 1e300, 1 / (x + 0.5)];
        let fraction = d;
        for (let i = 1; i < 200; i++) {
            const part = -i * (i - 0.5);
            b += 2;
            d = 1 / (part * d + b);
            c = b + part / c;
            fraction *= c * d;
            if (Math.abs(c * d - 1) < 1e-15) break;
        }
        tail = fraction * Math.sqrt(x / Math.PI) * Math.exp(-x);
    }
    return z > 0 ? 1 - tail / 2 : tail / 2;
}
