//! An axis: from which number to which, and at which of them something is written.

/// What an axis is called, and how its numbers are written.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Axis {
    /// What it is, with its unit.
    pub label: String,
    /// How many digits of each number stand behind the point: of nanoseconds that are shown as milliseconds, 6.
    pub decimals: u32,
    /// A number that is on the axis whatever is measured.
    pub least: Option<i64>,
    /// The same at the other end.
    pub most: Option<i64>,
}

impl Axis {
    /// As long as its numbers need it.
    pub fn new(label: &str, decimals: u32) -> Axis {
        Axis { label: label.to_owned(), decimals, least: None, most: None }
    }

    /// With these numbers on it whatever is measured.
    #[must_use]
    pub fn with(self, least: i64, most: i64) -> Axis {
        Axis { least: Some(least), most: Some(most), ..self }
    }

    /// A number as it is written: `12.5`, without zeros at its end.
    pub fn show(&self, number: i64) -> String {
        let unit = 10_u64.checked_pow(self.decimals).unwrap_or(u64::MAX);
        let (size, sign) = (number.unsigned_abs(), if number < 0 { "−" } else { "" });
        let rest = format!("{:0>wide$}", size % unit, wide = self.decimals as usize);
        let rest = rest.trim_end_matches('0');
        let point = if self.decimals == 0 || rest.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{}", size / unit, if point.is_empty() { "" } else { rest })
    }
}

/// Whether the ends of an axis are numbers at which something is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ends {
    /// They are.
    Round,
    /// They are what was measured.
    Measured,
}

/// Where numbers stand on an axis.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Scale {
    pub(super) from: i64,
    pub(super) to: i64,
    /// At which numbers something is written, ascending.
    pub(super) ticks: Vec<i64>,
}

impl Scale {
    /// For all of these numbers, with so many ticks at most.
    pub(super) fn of(axis: &Axis, numbers: impl Iterator<Item = i64>, ticks_max: i64, ends: Ends) -> Scale {
        let all = || axis.least.into_iter().chain(axis.most);
        let (mut least, mut most) = (None::<i64>, None::<i64>);
        for number in numbers.chain(all()) {
            least = Some(least.map_or(number, |least| least.min(number)));
            most = Some(most.map_or(number, |most| most.max(number)));
        }
        // Of no number at all, or of one, there is an axis as well.
        let from = least.unwrap_or(0);
        let to = most.filter(|most| *most > from).unwrap_or(from.saturating_add(1));
        let span = i128::from(to) - i128::from(from);
        let step = step(span, i128::from(ticks_max.max(1)));
        let floor = |number: i64| i128::from(number).div_euclid(step) * step;
        let ceil = |number: i64| -(-i128::from(number)).div_euclid(step) * step;
        let whole = |number: i128| i64::try_from(number).ok();
        let (from, to) = match ends {
            Ends::Measured => (from, to),
            Ends::Round => (whole(floor(from)).unwrap_or(from), whole(ceil(to)).unwrap_or(to)),
        };
        let mut ticks = Vec::new();
        let mut at = ceil(from);
        while at <= i128::from(to) {
            ticks.extend(whole(at));
            at += step;
        }
        Scale { from, to, ticks }
    }

    /// Where a number is, of so many hundredths of a unit.
    pub(super) fn place(&self, number: i64, length: u32) -> i64 {
        let (from, span) = (i128::from(self.from), i128::from(self.to) - i128::from(self.from));
        let hundredths = (i128::from(number) - from) * i128::from(length) * 100 / span.max(1);
        i64::try_from(hundredths).expect("a number between two ends is between their places")
    }
}

/// The smallest of 1, 2, 5, 10, 20, … of which so many are no less than the span.
fn step(span: i128, count: i128) -> i128 {
    let mut unit = 1;
    loop {
        for times in [1, 2, 5] {
            if unit * times * count >= span {
                return unit * times;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_and_no_more_than_wanted() {
        let ticks = |numbers: &[i64], most, ends| {
            let scale = Scale::of(&Axis::new("", 0), numbers.iter().copied(), most, ends);
            (scale.from, scale.to, scale.ticks)
        };
        assert_eq!(ticks(&[0, 2_000], 5, Ends::Measured), (0, 2_000, vec![0, 500, 1_000, 1_500, 2_000]));
        assert_eq!(ticks(&[3, 97], 5, Ends::Round), (0, 100, vec![0, 20, 40, 60, 80, 100]));
        assert_eq!(ticks(&[3, 97], 5, Ends::Measured), (3, 97, vec![20, 40, 60, 80]));
        assert_eq!(ticks(&[-90, 0], 4, Ends::Measured), (-90, 0, vec![-50, 0]));
        assert_eq!(ticks(&[7], 5, Ends::Round), (7, 8, vec![7, 8]));
        assert_eq!(ticks(&[], 5, Ends::Round), (0, 1, vec![0, 1]));
        let (from, to, ticks) = ticks(&[i64::MIN, i64::MAX], 5, Ends::Round);
        assert_eq!((from, to), (i64::MIN, i64::MAX), "there is nothing rounder");
        assert!(ticks.len() <= 6, "{ticks:?}");
    }

    #[test]
    fn numbers_are_written_without_zeros_at_their_end() {
        let table =
            [(0, 0, "0"), (1_500_000_000, 6, "1500"), (12_050, 3, "12.05"), (-7, 2, "−0.07"), (5, 1, "0.5")];
        for (number, decimals, expected) in table {
            assert_eq!(Axis::new("", decimals).show(number), expected);
        }
        assert_eq!(Axis::new("", 0).show(i64::MIN), "−9223372036854775808");
    }
}
