// Opens pages of `loadgen report --html` in a browser and holds them to what they promise; called by
// scripts/browser. Arguments: the driver's folder, the browser, the folder of the pages, and for
// each page its name and the result files that it shows: several=a.json,b.json.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const [driver, browserPath, folder, ...pages] = process.argv.slice(2);
const { chromium } = require(path.resolve(driver));

const ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
/** A figure that a script draws. */
const CHART = "figure[data-chart]";
const DESK = { width: 1100, height: 900 };
const PHONE = { width: 360, height: 740 };

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});

async function main() {
    // A profile of its own, empty, which the driver removes again.
    const browser = await chromium.launch({ executablePath: browserPath, headless: true, args: ARGUMENTS });
    try {
        for (const argument of pages) {
            const [name, files] = argument.split("=");
            const results = files.split(",").map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")));
            await look(browser, name, results);
            console.log(`${name}: as it should be`);
        }
    } finally {
        await browser.close();
    }
}

async function look(browser, name, results) {
    const { page, complaints, close } = await open(browser, name, {});
    await showsTheFiguresOfTheFiles(page, results);
    await showsTheRowsOfTheFiles(page, results);
    await showsTheRunsOfTheFile(page, results);
    await showsTheRunsOfTheExperiment(page, results);
    await drawsEveryChart(page);
    await togglesByTheLegend(page);
    await tellsValuesToTheMouse(page);
    await tellsValuesToTheKeyboard(page, results);
    await fitsAPhone(page, name);
    await changesItsColours(page, name);
    await prints(page, name);
    assert.deepEqual(complaints, []);
    await letsNothingIn(page);
    await close();
    await readsWithoutScript(browser, name);
}

/** A page with no network, and all that it complains of. */
async function open(browser, name, options) {
    const context = await browser.newContext({ viewport: DESK, colorScheme: "light", ...options });
    await context.setOffline(true);
    const page = await context.newPage();
    const address = pathToFileURL(path.resolve(folder, `${name}.html`)).href;
    const complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`error: ${error.stack}`));
    page.on("request", (request) => request.url() === address || complaints.push(`request: ${request.url()}`));
    await page.goto(address);
    return { page, complaints, close: () => context.close() };
}

async function showsTheFiguresOfTheFiles(page, results) {
    const cells = await page.locator("[data-name]").evaluateAll((cells) =>
        cells.map(({ dataset, textContent }) => ({ ...dataset, text: textContent })),
    );
    assert.ok(cells.length >= 30, `only ${cells.length} figures`);
    for (const { file, name, ns, value, ppb, part, p, text } of cells) {
        const expected = name.split(".").reduce((part, key) => part[key], results[Number(file)]);
        const real = part ?? p;
        if (real !== undefined) {
            assert.equal(Number(real), expected, name);
            isReal(text, expected, part === undefined ? 1 : 0.01, name);
            continue;
        }
        if (ppb !== undefined && typeof expected === "number") {
            assert.equal(ppb, String(expected), name);
            isReal(text, expected, 1e7, name);
            continue;
        }
        assert.equal(ns ?? value ?? ppb, String(expected), name);
        if (typeof expected === "number" && ns !== undefined) {
            isTime(text, expected, name);
        } else if (typeof expected === "number") {
            assert.equal(text.split(" ")[0], expected.toLocaleString("en-US"), name);
        } else {
            assert.equal(text, { lost: "lost", "to lost": "+lost", "from lost": "-lost" }[expected] ?? "n/a", name);
        }
    }
}

/** Whether a text is this time to three digits. */
function isTime(text, nanos, what) {
    const [number, unit] = text.replaceAll(",", "").split(" ");
    const read = Number(number) * { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[unit];
    assert.ok(Math.abs(read - nanos) <= Math.abs(nanos) * 0.00501, `${what}: ${text} for ${nanos} ns`);
}

/** Whether a text is this number, in units of so much, to as many digits as it has. */
function isReal(text, expected, unit, what) {
    const [number] = text.split(" ");
    if (number.startsWith("<")) {
        assert.ok(expected < Number(number.slice(1)) * unit, `${what}: ${text} for ${expected}`);
        return;
    }
    const digits = number.split(".")[1]?.length ?? 0;
    // A large one is rounded to three digits.
    const tolerance = Math.max(0.50001 * 10 ** -digits * unit, Math.abs(expected) * 0.00501);
    assert.ok(Math.abs(Number(number) * unit - expected) <= tolerance, `${what}: ${text} for ${expected}`);
}

async function showsTheRunsOfTheFile(page, [comparison]) {
    if (comparison.schema !== "loadgen/compare/1") {
        return;
    }
    const charts = JSON.parse(await page.locator("#charts").textContent());
    const drawn = charts.filter((chart) => chart.name === "runs");
    // What no run has, and losses where there are none, are not drawn.
    const known = comparison.quantities.filter(({ a, b }) => [...a.each, ...b.each].some(Boolean));
    assert.equal(drawn.length, known.length);
    drawn.forEach((chart, place) => {
        const quantity = known[place];
        const scale = quantity.unit === "ppb" ? 1e9 : 1;
        const each = ({ each }) => each.map((value) => (typeof value === "number" ? value / scale : value));
        const dots = chart.groups.filter((group) => group.curves[0].shape === "dots");
        assert.deepEqual(dots.map((group) => group.curves[0].y), [each(quantity.a), each(quantity.b)]);
    });
}

async function showsTheRowsOfTheFiles(page, results) {
    const charts = JSON.parse(await page.locator("#charts").textContent());
    const chart = charts.find((one) => one.name === "round_trips");
    if (!chart) {
        return;
    }
    const of = (quantile) => results.map((run) => run.intervals.map((row) => row.rtt_ns.from_due[quantile]));
    const drawn = (place) => chart.groups.map((group) => group.curves[place].y);
    assert.deepEqual(drawn(0), of("p50"));
    assert.deepEqual(drawn(1), of("p99"));
    assert.deepEqual(drawn(2), of("max"));
}

async function showsTheRunsOfTheExperiment(page, [experiment]) {
    if (experiment.schema !== "loadgen/tune/1") {
        return;
    }
    const charts = JSON.parse(await page.locator("#charts").textContent());
    const drawn = charts.filter((chart) => chart.name === "strip");
    const numbers = (values) => values.filter((value) => typeof value === "number").sort((a, b) => a - b);
    const seen = drawn.map(({ groups }) => JSON.stringify(numbers(groups.flatMap(({ curves }) => curves[0].y))));
    experiment.quantities.forEach(({ unit }, place) => {
        const scale = unit === "ppb" ? 1e9 : 1;
        const values = numbers(experiment.runs.flatMap((run) => run.values[place] ?? [])).map((value) => value / scale);
        // Losses where there are none are not drawn.
        assert.equal(seen.includes(JSON.stringify(values)), values.some(Boolean), `quantity ${place}`);
    });
    await drawsTheDifferences(page, experiment);
}

/** Better to the left of the line at nothing, worse to its right; all of it in its figure. */
async function drawsTheDifferences(page, experiment) {
    const rows = await page.locator(".forest li").evaluateAll((rows) =>
        rows.map((row) => {
            const middle = (name) => {
                const { left, right } = row.querySelector(name).getBoundingClientRect();
                return (left + right) / 2;
            };
            const { left, right } = row.querySelector("svg").getBoundingClientRect();
            const mark = middle(".mark");
            return { finding: row.className, by: mark - middle(".zero"), isInside: mark >= left && mark <= right };
        }),
    );
    assert.ok(rows.length >= experiment.effects.length / 2);
    for (const { finding, by, isInside } of rows) {
        assert.ok(isInside && (finding === "open" || by < 0 === (finding === "better")), `${finding} at ${by}`);
    }
}

/** How many colours a canvas has: one is an empty one. */
const colours = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) {
        seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
    return seen.size;
};

const picture = (canvas) => canvas.toDataURL();

async function drawsEveryChart(page) {
    const figures = await page.locator(CHART).count();
    assert.ok(figures >= 2);
    const canvases = await page.locator(`${CHART} canvas`).all();
    assert.equal(canvases.length, figures);
    for (const canvas of canvases) {
        assert.ok((await canvas.evaluate(colours)) > 10);
    }
}

async function togglesByTheLegend(page) {
    for (const figure of await page.locator(CHART).all()) {
        const canvas = figure.locator("canvas");
        const curves = figure.locator(".legend button[aria-pressed=true]");
        // The last is on top of the others.
        const curve = await curves.last().elementHandle();
        const pressed = () => curve.getAttribute("aria-pressed");
        const before = await canvas.evaluate(picture);
        await curve.click();
        assert.equal(await pressed(), "false");
        await changed(page, figure, before, true);
        await curve.click();
        assert.equal(await pressed(), "true");
        await changed(page, figure, before, false);
    }
}

/** Waits until a chart is, or is not, another picture. */
async function changed(page, figure, before, isOther) {
    const canvas = await figure.locator("canvas").elementHandle();
    const differs = ([canvas, before, isOther]) => (canvas.toDataURL() !== before) === isOther;
    await page.waitForFunction(differs, [canvas, before, isOther], { timeout: 5_000 });
}

async function tellsValuesToTheMouse(page) {
    for (const figure of await page.locator(CHART).all()) {
        const over = figure.locator(".u-over");
        await over.scrollIntoViewIfNeeded();
        const { width, height } = await over.boundingBox();
        await over.hover({ position: { x: width * 0.4, y: height / 2 } });
        const values = await figure.locator(".legend .value").allTextContents();
        assert.ok(values.some((value) => /^[+-]?[\d.,]+ ?(ns|us|ms|s|%|\/s)|^lost/.test(value)), `values: ${values}`);
        assert.match(await figure.locator(".legend .at").textContent(), /^at /);
    }
    await page.mouse.move(1, 1);
}

async function tellsValuesToTheKeyboard(page, results) {
    const figure = page.locator('figure[data-chart-name="round_trips"]');
    if (results.length > 1 || (await figure.count()) === 0) {
        return;
    }
    await figure.locator(".plot").focus();
    for (const row of results[0].intervals.slice(0, 3)) {
        await page.keyboard.press("ArrowRight");
        const values = await figure.locator(".legend .value").allTextContents();
        ["p50", "p99", "max"].forEach((quantile, place) => {
            const expected = row.rtt_ns.from_due[quantile];
            if (typeof expected === "number") {
                isTime(values[place], expected, quantile);
            } else {
                assert.equal(values[place], expected ?? "");
            }
        });
    }
}

async function fitsAPhone(page, name) {
    for (const viewport of [DESK, PHONE]) {
        await page.setViewportSize(viewport);
        // The charts follow when the browser tells them.
        const fits = (width) =>
            document.documentElement.scrollWidth <= width &&
            [...document.querySelectorAll(".uplot")].every((chart) => chart.getBoundingClientRect().right <= width);
        await page.waitForFunction(fits, viewport.width, { timeout: 5_000 });
        await picturesOf(page, name, viewport === PHONE ? "phone" : "light");
    }
    await page.setViewportSize(DESK);
}

async function changesItsColours(page, name) {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const figure = page.locator(CHART).first();
    assert.equal(await paper(), "rgb(255, 255, 255)");
    const light = await figure.locator("canvas").evaluate(picture);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.notEqual(await paper(), "rgb(255, 255, 255)");
    await changed(page, figure, light, true);
    await picturesOf(page, name, "dark");
    // Paper is light, whatever the screen is.
    const dark = await figure.locator("canvas").evaluate(picture);
    await page.emulateMedia({ colorScheme: "dark", media: "print" });
    assert.equal(await paper(), "rgb(255, 255, 255)");
    await changed(page, figure, dark, true);
    await picturesOf(page, name, "print");
    await page.emulateMedia({ colorScheme: "light", media: null });
}

async function prints(page, name) {
    const printed = await page.pdf({ format: "A4" });
    assert.ok(printed.length > 10_000);
    fs.writeFileSync(path.join(folder, `${name}.pdf`), printed);
}

/** Whatever might get onto the page, the policy keeps it from running and from being loaded. */
async function letsNothingIn(page) {
    const refused = await page.evaluate(async () => {
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.entered = true";
        const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/image.png";
        document.body.append(script, image);
        await fetch("http://127.0.0.1:9/").catch(() => null);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { refused: refused.sort(), entered: window.entered === true };
    });
    assert.deepEqual(refused, { refused: ["connect-src", "img-src", "script-src-elem"], entered: false });
}

async function readsWithoutScript(browser, name) {
    const { page, complaints, close } = await open(browser, name, { javaScriptEnabled: false });
    const text = await page.locator("main").innerText();
    assert.match(text, /The charts need JavaScript/);
    assert.match(text, /p99/);
    assert.deepEqual(complaints, []);
    await close();
}

async function picturesOf(page, name, kind) {
    await page.screenshot({ path: path.join(folder, `${name}-${kind}.png`), fullPage: true });
}
