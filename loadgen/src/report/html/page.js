// Draws the charts of a page: the data stand in the element "charts", one for each figure.
"use strict";

(() => {
    // How numbers read: on an axis, and where a chart is pointed at.

    const grouped = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");

    /** Nanoseconds to three digits, as the tables have them. */
    function time(nanos) {
        if (nanos < 1e3) {
            return `${Math.round(nanos)} ns`;
        }
        for (const [unit, name] of [[1e3, "us"], [1e6, "ms"], [1e9, "s"]]) {
            for (const decimals of [2, 1, 0]) {
                const scale = 10 ** decimals;
                const digits = Math.floor(nanos / (unit / scale) + 0.5);
                if (digits < 1000) {
                    return `${(digits / scale).toFixed(decimals)} ${name}`;
                }
            }
        }
        return `${grouped(nanos / 1e9)} s`;
    }

    const withoutZeros = (text) => text.replace(/\.0+(?= |$)/, "").replace(/(\.\d*[1-9])0+(?= |$)/, "$1");

    function thousands(number) {
        for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
            if (number >= unit) {
                return `${Number((number / unit).toPrecision(4))}${name}`;
            }
        }
        return String(Number(number.toPrecision(4)));
    }

    /** More or less, to three digits. */
    function change(part) {
        const percent = 100 * Math.abs(part);
        const decimals = percent < 9.995 ? 2 : percent < 99.95 ? 1 : 0;
        return `${part < 0 ? "-" : "+"}${percent.toFixed(decimals)} %`;
    }

    const percent = (share) => `${Number((100 * share).toFixed(3))} %`;

    /** The percentile at so many nines, with as many digits as tell it from its neighbours. */
    function percentile(nines) {
        const decimals = Math.max(0, Math.floor(nines + 1e-9) - 1);
        return 100 * (1 - 10 ** -nines) >= 99.95 || nines > 1
            ? `${(100 * (1 - 10 ** -nines)).toFixed(decimals + 1)} %`
            : `${(100 * (1 - 10 ** -nines)).toFixed(0)} %`;
    }

    const UNITS = {
        time: { tick: (value) => withoutZeros(time(value)), read: time },
        rate: { tick: thousands, read: (value) => `${grouped(value)}/s` },
        share: { tick: percent, read: percent },
        change: { tick: (value) => `${value > 0 ? "+" : ""}${percent(value)}`, read: change },
        nines: { tick: (value) => withoutZeros(percentile(value)), read: percentile },
        names: { tick: String, read: String },
        block: { tick: String, read: (value) => `block ${Math.round(value)}` },
    };

    // Where the numbers of an axis stand.

    /** Round numbers between two others whose factor matters, as many as there is room for. */
    function logarithmicTicks(low, high, pixels, room) {
        const decade = pixels / Math.max(Math.log10(high / low), 1e-9);
        const digits = decade > 20 * room ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decade > 3.3 * room ? [1, 2, 5] : [1];
        const step = Math.max(1, Math.ceil(room / decade));
        const ticks = [];
        for (let power = Math.floor(Math.log10(low) + 1e-9); 10 ** power <= high * 1.0001; power += step) {
            for (const digit of digits) {
                // By a division where that is exact, as 0.1 is not.
                const tick = power < 0 ? digit / 10 ** -power : digit * 10 ** power;
                if (tick >= low * 0.9999 && tick <= high * 1.0001) {
                    ticks.push(tick);
                }
            }
        }
        return ticks;
    }

    /** Round numbers of even distance. */
    function linearTicks(low, high, pixels, room) {
        const least = (high - low) / Math.max(pixels / room, 1);
        const power = 10 ** Math.floor(Math.log10(least));
        const step = power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
        const ticks = [];
        for (let count = Math.ceil(low / step - 1e-9); count * step <= high + step * 1e-6; count += 1) {
            ticks.push(Number((count * step).toPrecision(12)));
        }
        return ticks;
    }

    /** 50 %, 90 %, 99 %, ... */
    function ninesTicks(low, high, pixels, room) {
        const each = pixels / Math.max(high - low, 1e-9);
        const step = Math.max(1, Math.ceil(room / each));
        const ticks = each * Math.log10(2) > room ? [0, Math.log10(2)] : [0];
        for (let nines = step; nines <= high + 1e-9; nines += step) {
            ticks.push(nines);
        }
        return ticks.filter((tick) => tick >= low - 1e-9);
    }

    function ticks(axis, low, high, pixels, room) {
        if (axis.unit === "names") {
            return axis.names.map((_, place) => place);
        }
        if (axis.unit === "nines") {
            return ninesTicks(low, high, pixels, room);
        }
        const all = (axis.scale === "log" ? logarithmicTicks : linearTicks)(low, high, pixels, room);
        return axis.unit === "block" ? all.filter(Number.isInteger) : all;
    }

    /** Times on a linear axis share the unit of the largest. */
    function tickTexts(axis, values, narrow) {
        if (axis.unit === "names") {
            // A name and its total, below each other.
            return values.map((place) => {
                const name = axis.names[place] ?? "";
                return narrow ? name.replace("slowest ", "top ").replace(/ (?=[\d.]+ \w+$)/, "\n") : name;
            });
        }
        if (axis.unit === "time" && axis.scale !== "log") {
            const largest = Math.max(...values, 1);
            const [unit, name] = [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]].find(([size]) => largest >= size);
            return values.map((value) => `${grouped(Math.trunc(value / unit))}${String(Number((value / unit % 1).toPrecision(6))).slice(1)} ${name}`);
        }
        return values.map(UNITS[axis.unit].tick);
    }

    /** The numbers 1, 2 and 5 times a power of ten around two others. */
    function rounded(low, high) {
        const power = (value) => 10 ** Math.floor(Math.log10(value) + 1e-9);
        const below = [5, 2, 1].map((factor) => factor * power(low)).find((value) => value <= low * 1.0001);
        const above = [1, 2, 5, 10].map((factor) => factor * power(high)).find((value) => value >= high * 0.9999);
        return below < above ? [below, above] : [below, above * 2];
    }

    // Colours are those of the page, in light, dark and print.

    const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const paletteColour = (curve) => colourOf(`--c${curve.colour % 8}`);
    const DASHES = { solid: [], dashed: [8, 5], dotted: [2, 4] };
    const FONT = "12px system-ui, sans-serif";

    /** How many pixels a number on a horizontal axis takes, with the space to the next. */
    const TICK_WIDTHS = { time: 62, rate: 46, share: 56, nines: 66, names: 0, block: 30 };

    /** Shapes that stand alone at each point, with no line from one to the next. */
    const ALONE = ["dots", "rings", "crosses"];

    const isNumber = (value) => typeof value === "number";

    /** Where what is no number stands: the lost above all numbers, what comes from there below. */
    const edgeOf = (word, bbox) => (word === "from lost" ? bbox.top + bbox.height : bbox.top);

    class View {
        constructor(figure, chart) {
            this.chart = chart;
            this.hasZoom = chart.kind !== "stack" && chart.x.unit !== "names";
            this.plot = figure.querySelector(".plot");
            this.curves = chart.groups.flatMap((group) => group.curves.map((curve) => ({ ...curve, group })));
            this.addLegend(figure);
            this.drawn = new uPlot({ ...this.options(), ...this.size() }, this.data(), this.plot);
            this.plot.addEventListener("keydown", (event) => this.step(event));
            new ResizeObserver(() => this.resize()).observe(this.plot);
        }

        size() {
            const width = Math.max(this.plot.clientWidth, 200);
            return { width, height: Math.round(Math.min(Math.max(width * 0.4, 260), 380)) };
        }

        resize() {
            const size = this.size();
            if (size.width !== this.drawn.width) {
                this.drawn.setSize(size);
            }
        }

        redraw() {
            this.drawn.redraw();
        }

        options() {
            const { chart } = this;
            return {
                legend: { show: false },
                padding: [10, 16, 0, 0],
                scales: {
                    x: { time: false, distr: chart.x.scale === "log" ? 3 : 1, range: (_, low, high) => this.rangeOfX(low, high) },
                    y: { distr: chart.y.scale === "log" ? 3 : 1, range: () => this.rangeOfY() },
                },
                axes: [
                    this.axis("x", { size: this.hasTwoLines() ? 44 : 30, label: chart.x.label, labelSize: 22, labelFont: FONT }),
                    this.axis("y", { size: (_, texts) => Math.max(62, ...(texts ?? []).map((text) => 14 + 7.5 * text.length)) }),
                ],
                series: [{}, ...this.curves.map((curve) => this.series(curve))],
                cursor: {
                    y: false,
                    drag: { x: this.hasZoom, y: false },
                    sync: chart.x.unit === "time" ? { key: "time" } : undefined,
                    dataIdx: (drawn, series, index) => this.nearest(drawn.data[series], index),
                    points: { size: 8, show: chart.kind !== "stack" },
                },
                hooks: { draw: [(drawn) => this.drawExtras(drawn)], setCursor: [(drawn) => this.read(drawn)] },
            };
        }

        hasTwoLines() {
            return this.chart.kind === "stack" && this.plot.clientWidth < 600;
        }

        axis(scale, more) {
            const axis = this.chart[scale];
            return {
                scale,
                font: FONT,
                stroke: () => colourOf("--ink"),
                grid: { stroke: () => colourOf("--line"), width: 1, show: axis.unit !== "names" },
                ticks: { stroke: () => colourOf("--line"), width: 1, size: 5 },
                gap: 4,
                splits: (drawn, _, low, high) => {
                    const pixels = (scale === "x" ? drawn.bbox.width : drawn.bbox.height) / uPlot.pxRatio;
                    return ticks(axis, low, high, pixels, scale === "x" ? TICK_WIDTHS[axis.unit] : 26);
                },
                filter: (_, splits) => splits,
                values: (_, splits) => tickTexts(axis, splits, this.hasTwoLines()),
                ...more,
            };
        }

        series(curve) {
            const stroke = () => paletteColour(curve);
            const { linear, stepped, bars } = uPlot.paths;
            const paths = {
                line: linear(),
                beads: linear(),
                dots: () => null,
                rings: () => null,
                crosses: () => null,
                steps: stepped({ align: 1 }),
                bars: bars({ size: [0.6, 90] }),
            };
            const isBar = curve.shape === "bars";
            const hasDots = { beads: true, dots: true, rings: true, crosses: false, steps: false, bars: false };
            const fill = curve.shape === "rings" ? () => colourOf("--paper") : stroke;
            return {
                show: curve.shown,
                stroke,
                fill: isBar ? stroke : undefined,
                width: isBar ? 0 : 1.75,
                dash: DASHES[curve.dash],
                paths: paths[curve.shape],
                points: { show: hasDots[curve.shape], size: 7, fill, stroke, width: curve.shape === "rings" ? 1.75 : 1 },
            };
        }

        /** A column of x, and one a curve; the lost are gaps. */
        data() {
            const number = (value) => (isNumber(value) ? value : null);
            // What is nothing on a logarithmic scale stands at its lower end.
            const least = this.chart.y.scale === "log" ? 1 : -Infinity;
            const place = (value) => (isNumber(value) ? Math.max(value, least) : null);
            if (this.chart.kind === "stack") {
                return this.stacked();
            }
            const tables = this.chart.groups.map((group) => [
                group.x.map(number),
                ...group.curves.map((curve) => curve.y.map(place)),
            ]);
            return tables.length > 1 ? uPlot.join(tables) : tables[0] ?? [[]];
        }

        /** Each curve on top of those below it: the first is at the top, and drawn first. */
        stacked() {
            const { x } = this.chart.groups[0];
            const sums = x.map(() => 0);
            const columns = this.curves.map(() => []);
            for (let place = this.curves.length - 1; place >= 0; place -= 1) {
                const curve = this.curves[place];
                curve.y.forEach((value, at) => {
                    sums[at] += curve.shown && isNumber(value) ? value : 0;
                    columns[place].push(sums[at]);
                });
            }
            return [x, ...columns];
        }

        rangeOfX(low, high) {
            const { unit, scale } = this.chart.x;
            if (!isNumber(low) || !isNumber(high)) {
                return [1, 10];
            }
            if (unit === "names") {
                return [-0.5, this.chart.x.names.length - 0.5];
            }
            if (unit === "block") {
                return [Math.floor(low + 0.5) - 0.5, Math.ceil(high - 0.5) + 0.5];
            }
            if (scale === "log") {
                return [low / 1.15, high * 1.15];
            }
            if (unit === "nines") {
                // Room for the label of the last nine.
                return [low, Math.max(high, low + 0.01) + (high - low) * 0.03];
            }
            // From the beginning, unless it is a part that somebody asked for.
            const columns = this.chart.groups.flatMap((group) => group.x);
            const isWhole = columns.every((value) => value >= low && value <= high);
            return isWhole ? [0, high * 1.02 + 1] : [low, high];
        }

        /** Around all that is to be seen of the curves that are shown. */
        rangeOfY() {
            if (this.chart.kind === "stack") {
                return [0, 1];
            }
            const { min, max } = this.drawn?.scales.x ?? {};
            const seen = this.curves.filter((curve) => curve.shown).flatMap((curve) => {
                const within = (curve.within ?? []).map((ends) => ends ?? []);
                return curve.group.x.flatMap((x, at) => {
                    const isOutside = isNumber(min) && (x < min || x > max);
                    return isOutside ? [] : [curve.y[at], ...(within[at] ?? [])].filter(isNumber);
                });
            });
            const high = seen.reduce((most, value) => Math.max(most, value), -Infinity);
            if (this.chart.y.scale === "log") {
                const low = seen.reduce((least, value) => Math.min(least, value), Infinity);
                return high > 0 ? rounded(Math.max(low, 1), Math.max(high, 1)) : [1e3, 1e6];
            }
            return this.chart.y.scale === "around" ? this.around(seen) : [0, high > 0 ? high * 1.08 : 1];
        }

        /** A little room on both sides of the values, and on none below nothing unless they go there. */
        around(values) {
            const isChange = this.chart.y.unit === "change";
            const all = isChange || values.length === 0 ? [...values, 0] : values;
            const low = all.reduce((least, value) => Math.min(least, value));
            const high = all.reduce((most, value) => Math.max(most, value));
            const room = 0.12 * (high - low) || Math.abs(high) * 0.1 || 0.1;
            return [isChange ? low - room : Math.max(low - room, 0), high + room];
        }

        /** The closest point to the left of another that a curve has. */
        nearest(column, index) {
            for (let at = index; at >= 0; at -= 1) {
                if (column[at] != null) {
                    return at;
                }
            }
            return index;
        }

        // What a plotting library does not know of: lines with meanings, intervals, and the lost.

        drawExtras(drawn) {
            const { ctx, bbox } = drawn;
            const pixel = uPlot.pxRatio;
            ctx.save();
            ctx.beginPath();
            // A triangle at the first or the last point is whole.
            ctx.rect(bbox.left - 6 * pixel, bbox.top, bbox.width + 12 * pixel, bbox.height);
            ctx.clip();
            this.labels = [];
            this.lost = [];
            if (this.chart.y.unit === "change") {
                this.drawLevel(drawn, drawn.valToPos(0, "y", true), colourOf("--ink"), pixel);
            }
            for (const curve of this.curves.filter((one) => one.shown)) {
                this.drawIntervals(drawn, curve, pixel);
                this.drawCrosses(drawn, curve, pixel);
                this.drawLost(drawn, curve, pixel);
                this.drawBeyond(drawn, curve, pixel);
            }
            for (const mark of this.chart.marks) {
                const x = drawn.valToPos(mark.x, "x", true);
                this.drawUpright(drawn, x, bbox.top + bbox.height, colourOf("--ink"), pixel);
                this.drawLabel(drawn, x, mark.label, colourOf("--ink"), pixel);
            }
            ctx.restore();
        }

        drawIntervals(drawn, curve, pixel) {
            const { ctx, bbox } = drawn;
            ctx.strokeStyle = paletteColour(curve);
            ctx.lineWidth = 1.25 * pixel;
            (curve.within ?? []).forEach((ends, at) => {
                if (!ends) {
                    return;
                }
                const x = drawn.valToPos(curve.group.x[at], "x", true);
                const [low, high] = ends.map((end) => (isNumber(end) ? drawn.valToPos(end, "y", true) : edgeOf(end, bbox)));
                ctx.beginPath();
                ctx.moveTo(x, low);
                ctx.lineTo(x, high);
                for (const y of [low, high].filter((_, end) => isNumber(ends[end]))) {
                    ctx.moveTo(x - 4 * pixel, y);
                    ctx.lineTo(x + 4 * pixel, y);
                }
                ctx.stroke();
            });
        }

        drawCrosses(drawn, curve, pixel) {
            if (curve.shape !== "crosses") {
                return;
            }
            const { ctx } = drawn;
            ctx.strokeStyle = paletteColour(curve);
            ctx.lineWidth = 2 * pixel;
            curve.y.forEach((value, at) => {
                if (!isNumber(value)) {
                    return;
                }
                const x = drawn.valToPos(curve.group.x[at], "x", true);
                const y = drawn.valToPos(value, "y", true);
                const reach = 4 * pixel;
                ctx.beginPath();
                ctx.moveTo(x - reach, y - reach);
                ctx.lineTo(x + reach, y + reach);
                ctx.moveTo(x - reach, y + reach);
                ctx.lineTo(x + reach, y - reach);
                ctx.stroke();
            });
        }

        drawLost(drawn, curve, pixel) {
            const { ctx, bbox } = drawn;
            ctx.fillStyle = paletteColour(curve);
            curve.y.forEach((value, at) => {
                if (value === null || isNumber(value)) {
                    return;
                }
                const x = drawn.valToPos(curve.group.x[at], "x", true);
                if (x < bbox.left - pixel || x > bbox.left + bbox.width + pixel) {
                    return;
                }
                const edge = edgeOf(value, bbox);
                const inwards = edge === bbox.top ? pixel : -pixel;
                const tip = edge + 10 * inwards * this.rowOfLost(curve, x / pixel, inwards > 0);
                ctx.beginPath();
                ctx.moveTo(x, tip);
                ctx.lineTo(x - 5 * pixel, tip + 8 * inwards);
                ctx.lineTo(x + 5 * pixel, tip + 8 * inwards);
                ctx.fill();
            });
        }

        /** The row closest to the edge in which no other curve has a triangle there, so that each is seen. */
        rowOfLost(curve, x, isAtTop) {
            const place = Math.round(x / 10);
            for (let row = 0; row < 12; row += 1) {
                this.lost[row] ??= new Map();
                const owners = [-1, 0, 1].map((by) => this.lost[row].get(`${isAtTop} ${place + by}`));
                if (owners.every((owner) => owner === undefined || owner === curve)) {
                    this.lost[row].set(`${isAtTop} ${place}`, curve);
                    return row;
                }
            }
            return 0;
        }

        /** A line from one side to the other. */
        drawLevel({ ctx, bbox }, y, colour, pixel) {
            ctx.strokeStyle = colour;
            ctx.lineWidth = 1.25 * pixel;
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(bbox.left + bbox.width, y);
            ctx.stroke();
        }

        drawBeyond(drawn, curve, pixel) {
            if (!curve.beyond) {
                return;
            }
            const last = curve.y.length - 1;
            const x = Math.min(drawn.valToPos(curve.group.x[last], "x", true), drawn.bbox.left + drawn.bbox.width - pixel);
            const y = drawn.valToPos(Math.max(curve.y[last], 1), "y", true);
            this.drawUpright(drawn, x, y, paletteColour(curve), pixel);
            this.drawLabel(drawn, x, curve.beyond, paletteColour(curve), pixel);
        }

        /** A dashed line from some height to the top. */
        drawUpright({ ctx, bbox }, x, from, colour, pixel) {
            ctx.strokeStyle = colour;
            ctx.lineWidth = 1.25 * pixel;
            ctx.setLineDash([4 * pixel, 4 * pixel]);
            ctx.beginPath();
            ctx.moveTo(x, from);
            ctx.lineTo(x, bbox.top);
            ctx.stroke();
            ctx.setLineDash([]);
        }

        /** A word beside a line, in a row of its own. */
        drawLabel({ ctx, bbox }, x, label, colour, pixel) {
            const key = `${label} ${Math.round(x / pixel)}`;
            if (this.labels.includes(key)) {
                return;
            }
            const row = this.labels.push(key) - 1;
            ctx.font = `${12 * pixel}px system-ui, sans-serif`;
            const width = ctx.measureText(label).width + 8 * pixel;
            const fits = x + width < bbox.left + bbox.width;
            const left = fits ? x + 3 * pixel : Math.max(x - width - 3 * pixel, bbox.left);
            const top = bbox.top + (10 + 20 * row) * pixel;
            ctx.textAlign = "left";
            ctx.textBaseline = "middle";
            // A halo keeps it readable where it crosses a curve.
            ctx.strokeStyle = colourOf("--paper");
            ctx.lineWidth = 4 * pixel;
            ctx.lineJoin = "round";
            ctx.strokeText(label, left + 4 * pixel, top + 9 * pixel);
            ctx.fillStyle = colour;
            ctx.fillText(label, left + 4 * pixel, top + 9 * pixel);
        }

        // The legend: says what is what, takes curves away, and tells values.

        addLegend(figure) {
            const above = document.createElement("p");
            above.className = "axis-label";
            above.textContent = this.chart.y.label;
            this.plot.before(above);
            const legend = document.createElement("div");
            legend.className = "legend";
            this.at = document.createElement("span");
            this.at.className = "at";
            legend.append(this.at);
            this.curves.forEach((curve, place) => {
                const button = document.createElement("button");
                button.type = "button";
                button.setAttribute("aria-pressed", String(curve.shown));
                const name = document.createElement("span");
                name.textContent = [curve.group.name, curve.name].filter(Boolean).join(": ");
                curve.value = document.createElement("span");
                curve.value.className = "value";
                button.append(swatch(curve), name, curve.value);
                button.addEventListener("click", () => this.toggle(curve, place, button));
                legend.append(button);
            });
            this.plot.after(legend);
            this.rest();
        }

        toggle(curve, place, button) {
            curve.shown = !curve.shown;
            button.setAttribute("aria-pressed", String(curve.shown));
            this.drawn.setSeries(place + 1, { show: curve.shown });
            if (this.chart.kind === "stack") {
                this.drawn.setData(this.data());
            }
        }

        /** What stands in the legend while nobody points at the chart. */
        rest() {
            const zoom = this.hasZoom ? " Drag to zoom in, double-click to zoom out." : "";
            this.at.textContent = `Point at the chart to read it.${zoom}`;
            for (const curve of this.curves) {
                curve.value.textContent = "";
            }
        }

        read(drawn) {
            const { left, idx } = drawn.cursor;
            if (left == null || left < 0 || idx == null) {
                this.rest();
                return;
            }
            const { x, y } = this.chart;
            const isContinuous = this.curves.some((curve) => curve.shape === "steps");
            const at = isContinuous ? drawn.posToVal(left, "x") : drawn.data[0][idx];
            this.at.textContent = x.unit === "names" ? `at ${x.names[Math.round(at)]}` : `at ${UNITS[x.unit].read(at)}`;
            for (const curve of this.curves) {
                const place = curve.shown ? placeAt(curve, at, drawn.scales.x) : null;
                curve.value.textContent = place === null ? "" : told(curve, place, UNITS[y.unit].read);
            }
        }

        /** The arrow keys point at one value after the other. */
        step(event) {
            const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (!by) {
                return;
            }
            event.preventDefault();
            const { drawn } = this;
            const last = drawn.data[0].length - 1;
            const from = drawn.cursor.idx ?? (by > 0 ? -1 : last + 1);
            const to = Math.min(Math.max(from + by, 0), last);
            drawn.setCursor({ left: drawn.valToPos(drawn.data[0][to], "x"), top: 0 });
        }
    }

    /** Which point of a curve speaks for an x: of steps the last before it, of dots one that is close, else the nearest. */
    function placeAt(curve, x, scale) {
        const places = curve.group.x;
        let low = 0;
        let high = places.length - 1;
        while (low < high) {
            const middle = Math.ceil((low + high) / 2);
            [low, high] = places[middle] <= x ? [middle, high] : [low, middle - 1];
        }
        if (curve.shape === "steps") {
            return low;
        }
        const next = low + 1;
        if (next < places.length && places[next] - x < x - places[low]) {
            low = next;
        }
        const width = scale.max - scale.min;
        const reach = ALONE.includes(curve.shape) ? width / 50 : Math.max(width / 50, (places[places.length - 1] - places[0]) / places.length);
        return Math.abs(places[low] - x) <= reach ? low : null;
    }

    /** What a curve says at one of its points, in words. */
    function told(curve, place, read) {
        const word = (value) => (isNumber(value) ? read(value) : value ?? "");
        if (curve.beyond && place === curve.y.length - 1) {
            return "lost";
        }
        const within = curve.within?.[place];
        const value = word(curve.y[place]);
        return within ? `${value} (${fromTo(word(within[0]), word(within[1]))})` : value;
    }

    /** From one figure to another; a common unit is told once. */
    function fromTo(low, high) {
        const [number, unit] = low.split(" ");
        return unit && unit === high.split(" ")[1] ? `${number} to ${high}` : `${low} to ${high}`;
    }

    /** A piece of a curve as it is drawn. */
    function swatch(curve) {
        const space = "http://www.w3.org/2000/svg";
        const svg = document.createElementNS(space, "svg");
        svg.setAttribute("viewBox", "0 0 28 12");
        svg.setAttribute("aria-hidden", "true");
        const draw = (element, attributes) => {
            const shape = document.createElementNS(space, element);
            for (const [name, value] of Object.entries(attributes)) {
                shape.setAttribute(name, value);
            }
            svg.append(shape);
        };
        const colour = `var(--c${curve.colour % 8})`;
        if (curve.shape === "bars") {
            draw("rect", { width: 28, height: 12, fill: colour });
            return svg;
        }
        if (curve.shape === "crosses") {
            draw("path", { d: "M10 2 L18 10 M10 10 L18 2", stroke: colour, "stroke-width": 2 });
        }
        if (curve.shape === "rings") {
            draw("circle", { cx: 14, cy: 6, r: 4, fill: "none", stroke: colour, "stroke-width": 2 });
        }
        if (!ALONE.includes(curve.shape)) {
            const dash = DASHES[curve.dash].join(" ");
            draw("line", { x1: 0, x2: 28, y1: 6, y2: 6, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash });
        }
        if (curve.shape === "dots" || curve.shape === "beads") {
            draw("circle", { cx: 14, cy: 6, r: 4, fill: colour });
        }
        return svg;
    }

    const charts = JSON.parse(document.getElementById("charts").textContent);
    const views = [...document.querySelectorAll("figure[data-chart]")].map(
        (figure) => new View(figure, charts[Number(figure.dataset.chart)]),
    );
    for (const query of ["(prefers-color-scheme: dark)", "print"]) {
        matchMedia(query).addEventListener("change", () => views.forEach((view) => view.redraw()));
    }
})();
