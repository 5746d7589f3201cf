//! How many were how ready over time, as a picture. What it shows stands in a table beside it, so it needs no more
//! than a title; areas differ by a pattern and carry words.

use super::fleet::Day;
use super::status::{Status, Tally};
use askama::Template;
use jiff::civil::Date;

/// The picture.
#[derive(Template)]
#[template(path = "chart.html")]
pub(super) struct Chart {
    /// What the identifiers in it begin with, since a page may have several.
    id: String,
    title: String,
    areas: Vec<Area>,
    across: Vec<Tick>,
    up: Vec<Tick>,
}

/// Those of one kind, from day to day.
struct Area {
    status: Status,
    /// Corners, as `points` of a `polygon` are written.
    points: String,
    label: Option<Label>,
}

/// How many there are at the end.
struct Label {
    y: f64,
    text: String,
}

/// A line with a number, or a date.
struct Tick {
    at: f64,
    text: String,
}

// The picture's own units; a browser scales it to the room that there is.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 400.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 220.0;
/// Of two lines of text.
const LINE: f64 = 17.0;

impl Chart {
    /// None where there is no day.
    pub(super) fn of(id: String, title: String, days: &[Day]) -> Option<Self> {
        let ((first, _), (last, now)) = (days.first()?, days.last()?);
        let scale = Scale {
            first: *first,
            // The last day has a width, and so has the only one.
            days: f64::from(days_between(*first, *last) + 1),
            most: nice_steps(days.iter().map(|(_, tally)| tally.total()).max().unwrap_or(0)),
        };
        Some(Self {
            id,
            title,
            areas: areas(days, *now, &scale),
            across: across(days, &scale),
            up: scale
                .most
                .iter()
                .map(|count| Tick { at: scale.y(*count), text: count.to_string() })
                .collect(),
        })
    }
}

struct Scale {
    first: Date,
    days: f64,
    /// The numbers that have a line, the greatest of which is as great as the picture goes.
    most: Vec<usize>,
}

impl Scale {
    fn x(&self, date: Date) -> f64 {
        rounded(LEFT + (RIGHT - LEFT) * f64::from(days_between(self.first, date)) / self.days)
    }

    fn y(&self, count: usize) -> f64 {
        let most = self.most.last().copied().unwrap_or(1).max(1);
        rounded(BOTTOM - (BOTTOM - TOP) * as_float(count) / as_float(most))
    }
}

/// Numbers of services and of distributions are far below where a float leaves whole numbers out.
fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn days_between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

/// To a tenth of a unit, which nobody sees.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// From 0 in at most five equal steps to something that is not less.
fn nice_steps(most: usize) -> Vec<usize> {
    let units = (0..)
        .map(|power| 10_usize.saturating_pow(power))
        .flat_map(|ten| [1, 2, 5].map(|one| ten.saturating_mul(one)));
    let step = units.into_iter().find(|step| step.saturating_mul(5) >= most).unwrap_or(most);
    (0..=most.div_ceil(step).max(1)).map(|number| number * step).collect()
}

/// One on the other: what is ready stands at the bottom.
fn areas(days: &[Day], now: Tally, scale: &Scale) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    let below = |tally: &Tally, status: Status| {
        Status::ALL.into_iter().filter(|other| *other < status).map(|other| tally.count(other)).sum::<usize>()
    };
    let mut next_label = BOTTOM;
    for status in Status::ALL {
        let bottom = steps(days, scale, |tally| below(tally, status));
        let top = steps(days, scale, |tally| below(tally, status) + tally.count(status));
        let corners = top.into_iter().chain(bottom.into_iter().rev());
        let points = corners.map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
        let count = now.count(status);
        let label = (count > 0).then(|| {
            let middle = f64::midpoint(scale.y(below(&now, status)), scale.y(below(&now, status) + count));
            // Labels of thin areas would cover each other.
            let y = rounded(middle.min(next_label));
            next_label = y - LINE;
            Label { y, text: format!("{count} {}", status.words()) }
        });
        areas.push(Area { status, points, label });
    }
    areas
}

/// What a day ends with holds until the next that there is a report of.
fn steps(days: &[Day], scale: &Scale, count: impl Fn(&Tally) -> usize) -> Vec<(f64, f64)> {
    let ends = days.iter().skip(1).map(|(date, _)| scale.x(*date)).chain([RIGHT]);
    let corners = days.iter().zip(ends).flat_map(|((date, tally), end)| {
        let y = scale.y(count(tally));
        [(scale.x(*date), y), (end, y)]
    });
    corners.collect()
}

/// Dates that have room: the first, and each that is far enough from the one before.
fn across(days: &[Day], scale: &Scale) -> Vec<Tick> {
    const ROOM: f64 = 104.0;
    let mut ticks: Vec<Tick> = Vec::new();
    for (date, _) in days {
        let at = scale.x(*date);
        if ticks.last().is_none_or(|last| at - last.at >= ROOM) {
            ticks.push(Tick { at, text: date.to_string() });
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i8, counts: [usize; 3]) -> Day {
        let mut tally = Tally::default();
        for (status, count) in Status::ALL.into_iter().zip(counts) {
            (0..count).for_each(|_| tally.add(status));
        }
        (Date::constant(2026, 11, day), tally)
    }

    #[test]
    fn areas_stand_on_each_other_and_hold_from_day_to_day() {
        let days = [day(1, [0, 0, 4]), day(3, [2, 1, 1])];
        let chart = Chart::of("c".to_owned(), "t".to_owned(), &days).unwrap();
        let [ready, unknown, held] = &chart.areas[..] else { panic!("three") };
        // Three days wide: the first report holds for two of them.
        assert_eq!(ready.points, "48,220 282.7,220 282.7,116 400,116 400,220 282.7,220 282.7,220 48,220");
        assert_eq!(unknown.points, "48,220 282.7,220 282.7,64 400,64 400,116 282.7,116 282.7,220 48,220");
        assert_eq!(held.points, "48,12 282.7,12 282.7,12 400,12 400,64 282.7,64 282.7,220 48,220");
        let labels: Vec<_> = chart.areas.iter().filter_map(|area| area.label.as_ref()).collect();
        assert_eq!(labels[0].text, "2 ready");
        assert!(labels.windows(2).all(|two| two[0].y - two[1].y >= LINE));
    }

    #[test]
    fn one_day_is_a_picture_and_none_is_not() {
        assert!(Chart::of(String::new(), String::new(), &[]).is_none());
        let chart = Chart::of(String::new(), String::new(), &[day(1, [3, 0, 0])]).unwrap();
        assert_eq!(chart.areas[0].points, "48,12 400,12 400,220 48,220");
        assert_eq!(chart.across.len(), 1);
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(nice_steps(0), [0, 1]);
        assert_eq!(nice_steps(4), [0, 1, 2, 3, 4]);
        assert_eq!(nice_steps(7), [0, 2, 4, 6, 8]);
        assert_eq!(nice_steps(300), [0, 100, 200, 300]);
        assert_eq!(nice_steps(301), [0, 100, 200, 300, 400]);
    }

    #[test]
    fn dates_have_room() {
        let days: Vec<Day> = (1..=28).map(|date| day(date, [1, 0, 0])).collect();
        let chart = Chart::of(String::new(), String::new(), &days).unwrap();
        assert!(chart.across.windows(2).all(|two| two[1].at - two[0].at >= 104.0));
        assert!(chart.across.len() >= 3);
    }
}
