//! One line of the totals over time as a picture: a bar of characters, or a drawing for print.
//!
//! Both show the same three numbers of each day: what is certain (low), the point count, and what
//! is possible (high). Claims stand beside the line as dots and never move it. A drawing is plain
//! SVG without scripts, fonts or links; all its numbers are whole tenths, so that the same series
//! gives the same bytes on any machine.

use std::fmt::Write as _;

use amparo_core::course::Count;
use amparo_core::date::Day;

use crate::output::text;

/// How many characters the longest bar has.
const BAR_CHARS: u64 = 50;

/// The size of a drawing, and its margins, in tenths of a pixel.
const WIDTH: i64 = 9600;
const HEIGHT: i64 = 5400;
const LEFT: i64 = 700;
const RIGHT: i64 = 400;
const TOP: i64 = 800;
const BOTTOM: i64 = 900;
/// How far apart the lines of text are at least.
const LABEL_STEP: i64 = 150;
/// How far apart the days under the axis are at least.
const DAY_LABEL_STEP: i64 = 800;
/// About how many marks an axis has.
const MARKS: i64 = 6;

/// The total of one day.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// The day.
    pub day: Day,
    /// How many at its end.
    pub total: Count,
}

/// What somebody claims of the same measure.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The day it speaks of.
    pub day: Day,
    /// The number, or the lower of two.
    pub low: u64,
    /// The higher of two; none for one without an upper bound.
    pub high: Option<u64>,
    /// Who says so.
    pub claimant: String,
    /// The number as it was said: `about 650`.
    pub words: String,
}

/// A series to draw; it has at least one point, in the order of days.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The coordinates it was derived at.
    pub source: String,
    /// The days.
    pub points: Vec<Point>,
    /// The claims.
    pub claims: Vec<Claimed>,
}

/// A bar for a terminal: `█` for what is certain, `░` for what is possible, `│` at the point.
pub fn bar(total: Count, high: u64) -> String {
    let place = |count: u64| match high {
        0 => 0,
        high => (u128::from(count) * u128::from(BAR_CHARS)).div_ceil(u128::from(high)),
    };
    let (low, point, high) = (place(total.low), place(total.count), place(total.high));
    let mut bar: String = (1..=high)
        .map(|at| match at {
            at if at == point => '│',
            at if at <= low => '█',
            _ => '░',
        })
        .collect();
    if point == 0 {
        bar.insert(0, '│');
    }
    bar
}

impl Chart {
    /// The drawing.
    pub fn svg(&self) -> String {
        let scale = Scale::of(self);
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_head(&mut svg);
        let _ = self.write_axes(&mut svg, &scale);
        let _ = self.write_series(&mut svg, &scale);
        let _ = self.write_claims(&mut svg, &scale);
        svg.push_str("</svg>\n");
        svg
    }

    /// What the picture shows, in words.
    fn description(&self) -> String {
        let mut words = String::from("Low, point and high count at the end of each day shown.");
        let highest = self.points.iter().max_by_key(|point| point.total.count);
        for (name, point) in [
            ("First", self.points.first()),
            ("Most", highest),
            ("Last", self.points.last()),
        ] {
            if let Some(Point { day, total }) = point {
                let Count { low, count, high } = total;
                let _ = write!(words, " {name}: {count} ({low} to {high}) on {day}.");
            }
        }
        for claim in &self.claims {
            let _ = write!(
                words,
                " {} claims {} on {}.",
                claim.claimant, claim.words, claim.day
            );
        }
        words
    }

    fn write_head(&self, svg: &mut String) -> std::fmt::Result {
        let (width, height) = (WIDTH / 10, HEIGHT / 10);
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-labelledby=\"title desc\" font-family=\"sans-serif\" \
             font-size=\"12\">"
        )?;
        writeln!(svg, "<title id=\"title\">{}</title>", escaped(&self.title))?;
        writeln!(
            svg,
            "<desc id=\"desc\">{}</desc>",
            escaped(&self.description())
        )?;
        writeln!(
            svg,
            "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"
        )?;
        let title = escaped(&self.title);
        writeln!(
            svg,
            "<text x=\"{}\" y=\"32\" font-size=\"18\" font-weight=\"bold\">{title}</text>",
            px(LEFT)
        )?;
        let key = "line: point count · band: certain to possible · dots: claims";
        writeln!(
            svg,
            "<text x=\"{}\" y=\"54\" fill=\"#555\">{key}</text>",
            px(LEFT)
        )?;
        let source = escaped(&self.source);
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"9\" fill=\"#555\">{source}</text>",
            px(LEFT),
            px(HEIGHT - 200)
        )
    }

    fn write_axes(&self, svg: &mut String, scale: &Scale) -> std::fmt::Result {
        let (left, right) = (px(LEFT), px(WIDTH - RIGHT));
        let mut mark = 0;
        while mark <= scale.top {
            let y = scale.y(mark);
            let color = if mark == 0 { "#333" } else { "#ddd" };
            writeln!(
                svg,
                "<path d=\"M{left} {0}H{right}\" stroke=\"{color}\"/><text x=\"{1}\" y=\"{2}\" \
                 text-anchor=\"end\">{mark}</text>",
                px(y),
                px(LEFT - 80),
                px(y + 40)
            )?;
            mark += scale.step;
        }
        let count = self.points.len();
        let every = count.div_ceil(MARKS.unsigned_abs() as usize).max(1);
        let mut free = i64::MIN;
        for point in self.points.iter().step_by(every) {
            let x = scale.x(point.day);
            if x < free {
                continue;
            }
            free = x + DAY_LABEL_STEP;
            writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                px(x),
                px(HEIGHT - BOTTOM + 250),
                point.day
            )?;
        }
        Ok(())
    }

    fn write_series(&self, svg: &mut String, scale: &Scale) -> std::fmt::Result {
        let at = |day, count| format!("{} {}", px(scale.x(day)), px(scale.y(count)));
        let highs = self
            .points
            .iter()
            .map(|point| at(point.day, point.total.high));
        let lows = self.points.iter().rev();
        let lows = lows.map(|point| at(point.day, point.total.low));
        let band: Vec<_> = highs.chain(lows).collect();
        let line: Vec<_> = self
            .points
            .iter()
            .map(|point| at(point.day, point.total.count))
            .collect();
        writeln!(
            svg,
            "<path class=\"band\" d=\"M{}Z\" fill=\"#c6d4e3\" stroke=\"#c6d4e3\"/>",
            band.join("L")
        )?;
        writeln!(
            svg,
            "<path class=\"point\" d=\"M{}\" fill=\"none\" stroke=\"#1d3f66\" \
             stroke-width=\"2\" stroke-linecap=\"round\"/>",
            match line.as_slice() {
                // A line to itself is drawn as a dot.
                [one] => format!("{one}L{one}"),
                _ => line.join("L"),
            }
        )
    }

    fn write_claims(&self, svg: &mut String, scale: &Scale) -> std::fmt::Result {
        let mut claims: Vec<_> = self.claims.iter().collect();
        claims.sort_by_key(|claim| std::cmp::Reverse(claim.low));
        let mut label = i64::MIN;
        for claim in claims {
            let (x, y) = (scale.x(claim.day), scale.y(signed(claim.low)));
            if let Some(high) = claim.high.filter(|high| *high > claim.low) {
                let to = px(scale.y(signed(high)));
                writeln!(
                    svg,
                    "<path d=\"M{} {}V{to}\" stroke=\"#b3372b\"/>",
                    px(x),
                    px(y)
                )?;
            }
            label = (y + 40).max(label.saturating_add(LABEL_STEP));
            let is_right = x > WIDTH * 2 / 3;
            let (anchor, beside) = if is_right {
                ("end", -90)
            } else {
                ("start", 90)
            };
            writeln!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"#b3372b\"/><text x=\"{}\" y=\"{}\" \
                 text-anchor=\"{anchor}\" fill=\"#b3372b\">{}</text>",
                px(x),
                px(y),
                px(x + beside),
                px(label),
                escaped(&format!("{}: {}", claim.claimant, claim.words))
            )?;
        }
        Ok(())
    }
}

/// Where days and counts lie in the drawing.
struct Scale {
    first: Day,
    days: i64,
    top: i64,
    step: i64,
}

impl Scale {
    fn of(chart: &Chart) -> Self {
        let first = chart.points.first().map_or(Day::MIN, |point| point.day);
        let last = chart.points.last().map_or(first, |point| point.day);
        let counted = chart.points.iter().map(|point| point.total.high);
        let claimed = chart
            .claims
            .iter()
            .map(|claim| claim.high.unwrap_or(claim.low));
        let most = signed(counted.chain(claimed).max().unwrap_or(0)).max(1);
        let step = round_step(most / MARKS + 1);
        Self {
            first,
            days: i64::from(last.days_since(first)),
            top: (most + step - 1) / step * step,
            step,
        }
    }

    fn x(&self, day: Day) -> i64 {
        let width = WIDTH - LEFT - RIGHT;
        match self.days {
            0 => LEFT + width / 2,
            days => LEFT + width * i64::from(day.days_since(self.first)).clamp(0, days) / days,
        }
    }

    fn y(&self, count: impl TryInto<i64>) -> i64 {
        let count = i128::from(count.try_into().unwrap_or(COUNT_MAX).min(self.top));
        let height = i128::from(HEIGHT - TOP - BOTTOM);
        let above = height * count / i128::from(self.top);
        HEIGHT - BOTTOM - i64::try_from(above).unwrap_or(0)
    }
}

/// The highest count that a scale shows: far above any, far below where marks could overflow.
const COUNT_MAX: i64 = i64::MAX / 100;

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(COUNT_MAX).min(COUNT_MAX)
}

/// The next of 1, 2, 5, 10, 20, 50, ...
fn round_step(least: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if step >= least {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Tenths of a pixel as pixels.
fn px(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A text for the inside of an element.
fn escaped(text: &str) -> String {
    text::visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count((low, count, high): (u64, u64, u64)) -> Count {
        Count { low, count, high }
    }

    #[test]
    fn a_bar_shows_certain_point_and_possible() {
        for (total, high, expect) in [
            ((0, 0, 0), 0, "│".to_owned()),
            ((0, 0, 50), 50, format!("│{}", "░".repeat(50))),
            ((50, 50, 50), 50, format!("{}│", "█".repeat(49))),
            (
                (10, 20, 30),
                50,
                format!("{}{}│{}", "█".repeat(10), "░".repeat(9), "░".repeat(10)),
            ),
            (
                (u64::MAX, u64::MAX, u64::MAX),
                u64::MAX,
                format!("{}│", "█".repeat(49)),
            ),
        ] {
            assert_eq!(bar(count(total), high), expect, "{total:?}");
        }
    }

    #[test]
    fn a_drawing_escapes_text_and_stays_in_its_frame_whatever_the_numbers() {
        for total in [(0, 0, 0), (1, 2, 3), (0, 0, u64::MAX)] {
            let day = Day::from_ymd(2026, 2, 20).unwrap();
            let chart = Chart {
                title: "<A> & \u{202e}B".to_owned(),
                source: "e1".to_owned(),
                points: vec![Point {
                    day,
                    total: count(total),
                }],
                claims: vec![Claimed {
                    day,
                    low: 379,
                    high: Some(u64::MAX),
                    claimant: "\"<script>\"".to_owned(),
                    words: "379".to_owned(),
                }],
            };
            let svg = chart.svg();
            assert!(svg.contains(">&lt;A&gt; &amp; \\u{202e}B</title>"), "{svg}");
            assert!(!svg.contains("<script>") && !svg.contains("=\"-"), "{svg}");
        }
    }

    #[test]
    fn marks_are_round() {
        for (least, step) in [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (101, 200)] {
            assert_eq!(round_step(least), step);
        }
    }
}
