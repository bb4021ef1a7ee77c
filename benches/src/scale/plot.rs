//! A series as a picture: both axes by powers of ten, with a line of linear growth to compare with.

use std::fmt::Write as _;

/// Of the picture, and its margins, in pixels.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 60.0;

/// An axis: its powers of ten, and where they lie.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// The powers of ten around these values, between two places.
    fn new(values: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
        let high = values.fold(0.0, f64::max).log10().ceil();
        Self {
            from: low,
            to: high.max(low + 1.0),
            start,
            end,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - self.from) / (self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    fn ticks(&self) -> impl Iterator<Item = (f64, f64)> {
        (self.from as i32..=self.to as i32).map(|power| (10_f64.powi(power), self.place(10_f64.powi(power))))
    }
}

/// The picture. Points are sizes and microseconds, all above 0.
pub fn svg(title: &str, size: &str, points: &[(f64, f64)]) -> String {
    let x = Axis::new(points.iter().map(|(x, _)| *x), LEFT, WIDTH - RIGHT);
    let y = Axis::new(points.iter().map(|(_, y)| *y), HEIGHT - BOTTOM, TOP);
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{title}</text>\n"
    );
    for (value, at) in x.ticks() {
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value}</text>",
            bottom + 18.0
        );
    }
    for (value, at) in y.ticks() {
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value} µs</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{size}</text>",
        f64::midpoint(LEFT, right),
        HEIGHT - 16.0
    );
    if let Some((last, most)) = points.last() {
        // Back from the last point, until it leaves the picture.
        let least = 10_f64.powf(y.from).max(most / last * 10_f64.powf(x.from));
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#999\" stroke-dasharray=\"5 4\" fill=\"none\"/>",
            x.place(*last),
            y.place(*most),
            x.place(last * least / most),
            y.place(least)
        );
    }
    let line: Vec<String> = points
        .iter()
        .map(|(size, micros)| format!("{:.1},{:.1}", x.place(*size), y.place(*micros)))
        .collect();
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#0a58ca\" stroke-width=\"2\"/>",
        line.join(" ")
    );
    for point in &line {
        let (at, height) = point.split_once(',').unwrap_or_default();
        let _ = writeln!(
            out,
            "<circle cx=\"{at}\" cy=\"{height}\" r=\"3\" fill=\"#0a58ca\"/>"
        );
    }
    out + "</svg>\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn points_lie_inside_the_picture_and_the_line_of_linear_growth_ends_at_the_last() {
        let svg = super::svg("a", "b", &[(1.0, 10.0), (10.0, 100.0), (100.0, 5_000.0)]);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("points=\"80.0,360.0 350.0,253.3 620.0,"), "{svg}");
        let last = svg.split("620.0,").nth(1).and_then(|rest| rest.split('"').next());
        // The first that begins there is the line of the axis.
        let dashed = svg
            .split("<path d=\"M620.0 ")
            .nth(2)
            .and_then(|rest| rest.split('L').next());
        assert_eq!(last, dashed, "{svg}");
    }
}
