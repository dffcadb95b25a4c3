//! How sure numbers are that were measured a few times: Wilson's interval for shares, and the range of slopes.

use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Trips;
use constellation_lab::placement::protocol::Condition;
use constellation_lab::placement::record::Record;

/// Where a share lies with 95 in 100, in percent: from, to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    /// At the least, rounded down.
    pub from: u32,
    /// At the most, rounded up.
    pub to: u32,
}

/// The interval of a share of which so many of so many were seen (Wilson 1927); all of it where nothing was seen.
///
/// ```
/// use constellation_servers::interval::share;
///
/// let all = share(38, 38);
/// assert_eq!((all.from, all.to), (90, 100)); // 38 of 38 do not say that it is always so
/// ```
pub fn share(done: usize, of: usize) -> Share {
    if of == 0 {
        return Share { from: 0, to: 100 };
    }
    // The quantile of the normal distribution for 95 in 100 on both sides.
    const Z: f64 = 1.959_963_985;
    let (count, share) = (of as f64, done.min(of) as f64 / of as f64);
    let spread = Z * Z / count;
    let middle = share + spread / 2.0;
    let half = Z * (share * (1.0 - share) / count + spread / (4.0 * count)).sqrt();
    let percent = |value: f64| (value * 100.0).clamp(0.0, 100.0);
    let [from, to] = [middle - half, middle + half].map(|end| percent(end / (1.0 + spread)));
    // What arithmetic makes of the ends is no less than all, and no more than nothing.
    Share { from: (from + 1e-9).floor() as u32, to: (to - 1e-9).ceil() as u32 }
}

/// How many of the fastest operations of each round are tried.
const FASTEST: usize = 3;
/// The most rounds of a sweep.
const SWEEP_MAX: usize = 4;

/// The range of the number of round trips of an operation at a site: the least and the greatest slope of its latency against
/// the round-trip time, whichever of the three fastest operations of each round is taken for all. The placement itself takes
/// the second fastest of each. `None` where it was not done so often under two delays.
pub fn trips(records: &[Record], site: usize, kind: Kind) -> Option<(Trips, Trips)> {
    let mut points: Vec<(f64, Vec<f64>)> = Vec::new();
    for record in records {
        let Condition::Alike { delay } = record.round.condition else { continue };
        let of = record.asked.iter().filter(|asked| asked.site == site && asked.ask.kind() == kind);
        let took = of.filter_map(|asked| asked.done().map(|(at, _)| at.saturating_sub(asked.begun)));
        let mut took: Vec<Duration> = took.collect();
        took.sort_unstable();
        took.truncate(FASTEST);
        if took.len() == FASTEST {
            points.push(((delay * 2).as_secs_f64(), took.iter().map(Duration::as_secs_f64).collect()));
        }
    }
    points.truncate(SWEEP_MAX);
    let tries = FASTEST.pow(u32::try_from(points.len()).ok()?);
    let mut range: Option<(f64, f64)> = None;
    for number in 0..tries {
        let nth = |place: usize| number / FASTEST.pow(u32::try_from(place).unwrap_or_default()) % FASTEST;
        let chosen: Vec<(f64, f64)> =
            points.iter().enumerate().map(|(place, (x, took))| (*x, took[nth(place)])).collect();
        let slope = slope(&chosen)?;
        range = Some(range.map_or((slope, slope), |(least, most)| (least.min(slope), most.max(slope))));
    }
    range.map(|(least, most)| (hundredths(least), hundredths(most)))
}

/// The slope of the line through these points by least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), (of_x, of_y)| (x + of_x, y + of_y));
    let (x, y) = (x / count, y / count);
    let run: f64 = points.iter().map(|(of_x, _)| (of_x - x) * (of_x - x)).sum();
    let rise: f64 = points.iter().map(|(of_x, of_y)| (of_x - x) * (of_y - y)).sum();
    (points.len() > 1 && run > 0.0).then(|| rise / run)
}

fn hundredths(slope: f64) -> Trips {
    // Far from the ends of what fits.
    Trips((slope * 100.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use constellation_lab::placement::client::{Answer, Ask};
    use constellation_lab::placement::protocol::Round;
    use constellation_lab::placement::record::{Asked, Phase};

    use super::*;

    #[test]
    fn of_few_that_were_seen_little_is_sure() {
        let table = [
            ((0, 0), (0, 100)),
            ((0, 10), (0, 28)),
            ((10, 10), (72, 100)),
            ((38, 38), (90, 100)),
            ((19, 38), (34, 66)),
            ((1_000, 1_000), (99, 100)),
        ];
        for ((done, of), expected) in table {
            let Share { from, to } = share(done, of);
            assert_eq!((from, to), expected, "{done} of {of}");
        }
    }

    #[test]
    fn the_range_of_slopes_holds_what_luck_makes_of_the_fastest() {
        let swept = |jitter_us: u64| {
            [5, 10, 20, 40].map(|ms| {
                let asked = (0..3).map(|nth| Asked {
                    site: 0,
                    client: 0,
                    ask: Ask::read("k"),
                    begun: Duration::ZERO,
                    ended: Some((Duration::from_micros(4_000 * ms + nth * jitter_us), Answer::DONE)),
                    phase: Phase::Traffic,
                });
                let condition = Condition::Alike { delay: Duration::from_millis(ms) };
                Record { round: Round::new(3, condition), asked: asked.collect() }
            })
        };
        assert_eq!(trips(&swept(0), 0, Kind::Read), Some((Trips(200), Trips(200))));
        assert_eq!(trips(&swept(500), 0, Kind::Read), Some((Trips(198), Trips(202))));
        assert_eq!(trips(&swept(0), 1, Kind::Read), None, "nothing was done there");
        assert_eq!(trips(&swept(0)[..1], 0, Kind::Read), None, "one point has no slope");
    }
}
