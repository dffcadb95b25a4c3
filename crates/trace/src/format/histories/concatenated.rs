//! Lists that are shown as one text: what was appended to a key, one behind the other.

use std::collections::BTreeMap;

use super::super::FormatError;
use super::unclear::{Doubt, Readings};
use crate::history::{Call, Completion, Operation};

/// Takes apart what reads show of keys that are appended to, into values that were appended or written. What shows nothing
/// shows no value. Where nothing fits, the rest behind what goes farthest is left as one value, which nobody wrote.
///
/// A read that can be taken apart in several ways is left without what it shows, and the readings tell two of them: with
/// the longest last values, and with the shortest. O(length of the texts × log values), and at most [`STEPS_MAX`] steps a
/// byte; a text that would need more can be taken apart in nobody knows how many ways. `work` is told of steps, a byte
/// looked at each, and may end it.
pub(super) fn part(
    operations: &mut [Operation],
    work: Work<'_>,
) -> Result<Readings<Vec<String>>, FormatError> {
    let mut readings = Readings::default();
    let (mut keys, mut written) = (BTreeMap::new(), Vec::<Values<'_>>::new());
    for operation in &*operations {
        if let Call::Append { key, value } | Call::Write { key, value } = &operation.call {
            let values = *keys.entry(key.as_str()).or_insert_with(|| {
                written.push(Values::default());
                written.len() - 1
            });
            let values = &mut written[values];
            values.are_appended |= matches!(operation.call, Call::Append { .. });
            match value.as_str() {
                "" => values.has_empty = true,
                value => values.all.push(value),
            }
        }
    }
    written.iter_mut().for_each(Values::sort);
    let mut parted = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        if let (Call::Read { key }, Some((_, Completion::Shows(shown)))) =
            (&operation.call, &operation.completed)
            && let [text] = &shown[..]
        {
            let parts = match keys.get(key.as_str()) {
                None => text.is_empty().then(|| Parted::Is(Vec::new())),
                Some(values) => written[*values].shown(text, work)?,
            };
            parted.extend(parts.map(|parts| (place, parts)));
        }
    }
    for (place, parts) in parted {
        let Some((moment, completion)) = &mut operations[place].completed else { continue };
        *completion = match parts {
            Parted::Is(parts) => Completion::Shows(parts),
            Parted::Several(doubt, ways) => {
                readings.doubt(doubt, moment.event.number(), place, ways);
                Completion::Done
            }
        };
    }
    Ok(readings)
}

/// Told of steps.
type Work<'w> = &'w mut dyn FnMut(u64) -> Result<(), FormatError>;

/// What a text was put together from.
enum Parted {
    Is(Vec<String>),
    /// One or another of these two, or of more; none if there are too many to look at.
    Several(Doubt, Option<[Vec<String>; 2]>),
}

/// Steps that may be taken for each byte of a text that is taken apart, and so often as many at its beginning.
const STEPS_MAX: usize = 16;

/// What was written to a key.
#[derive(Debug, Default)]
struct Values<'a> {
    are_appended: bool,
    has_empty: bool,
    /// Sorted, each once, none of them empty.
    all: Vec<&'a str>,
}

impl Values<'_> {
    fn sort(&mut self) {
        self.all.sort_unstable();
        self.all.dedup();
    }

    /// What a text shows of these; `None` if it stands for itself.
    fn shown(&self, text: &str, work: Work<'_>) -> Result<Option<Parted>, FormatError> {
        if self.are_appended {
            // Whoever wrote the empty one there, it is no piece of a text: it only took away what was before.
            return match text {
                "" => Ok(Some(Parted::Is(Vec::new()))),
                text => self.part(text, work).map(Some),
            };
        }
        let ways = [Vec::new(), vec![String::new()]];
        Ok(match (text, self.has_empty) {
            ("", true) => Some(Parted::Several(Doubt::Empty, Some(ways))),
            ("", false) => Some(Parted::Is(Vec::new())),
            _ => None,
        })
    }

    fn part(&self, text: &str, work: Work<'_>) -> Result<Parted, FormatError> {
        let mut ways = Ways::of(text);
        let mut steps = text.len().saturating_add(STEPS_MAX).saturating_mul(STEPS_MAX);
        for at in 0..text.len() {
            let before = steps;
            if ways.counts[at] > 0
                && !self.visit(&text.as_bytes()[at..], &mut steps, |length| ways.enter(at, at + length))
            {
                return Ok(Parted::Several(Doubt::Parted, None));
            }
            work((before - steps) as u64 + 1)?;
        }
        Ok(match ways.counts[text.len()] {
            0 => {
                let farthest = ways.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
                let mut parts = ways.back(farthest, &ways.longest);
                parts.push(text[farthest..].to_owned());
                Parted::Is(parts)
            }
            1 => Parted::Is(ways.back(text.len(), &ways.longest)),
            _ => {
                let two = [&ways.longest, &ways.shortest].map(|last| ways.back(text.len(), last));
                Parted::Several(Doubt::Parted, Some(two))
            }
        })
    }

    /// Visits the lengths of those values that a text begins with, the shortest first; false if that takes too many steps.
    fn visit(&self, text: &[u8], steps: &mut usize, mut visit: impl FnMut(usize)) -> bool {
        // Those that begin with the bytes before `length`.
        let mut fits = &self.all[..];
        for (length, byte) in text.iter().enumerate() {
            let Some(left) = steps.checked_sub(1) else { return false };
            *steps = left;
            // What is no longer than the others' beginning sorts before them.
            let next = |value: &&str| value.as_bytes().get(length).copied();
            let start = fits.partition_point(|value| next(value) < Some(*byte));
            let end = fits.partition_point(|value| next(value) <= Some(*byte));
            fits = &fits[start..end];
            match fits.first() {
                None => return true,
                Some(first) if first.len() == length + 1 => visit(first.len()),
                Some(_) => {}
            }
        }
        true
    }
}

/// In how many ways the beginnings of a text can be taken apart, and where the last value begins then.
struct Ways<'t> {
    text: &'t str,
    /// None, one, or several.
    counts: Vec<u8>,
    longest: Vec<u32>,
    shortest: Vec<u32>,
}

impl<'t> Ways<'t> {
    fn of(text: &'t str) -> Ways<'t> {
        let mut counts = vec![0; text.len() + 1];
        counts[0] = 1;
        Ways { text, counts, longest: vec![0; text.len() + 1], shortest: vec![0; text.len() + 1] }
    }

    /// A value stands from one place to the other.
    fn enter(&mut self, from: usize, to: usize) {
        // Cannot wrap: a text has fewer than 2^32 bytes.
        let start = u32::try_from(from).unwrap_or(u32::MAX);
        if self.counts[to] == 0 {
            self.longest[to] = start;
        }
        self.shortest[to] = start;
        self.counts[to] = (self.counts[to] + self.counts[from]).min(2);
    }

    /// The values up to a place, given where the last of each begins.
    fn back(&self, mut end: usize, last: &[u32]) -> Vec<String> {
        let mut parts = Vec::new();
        while end > 0 {
            let start = last[end] as usize;
            parts.push(self.text[start..end].to_owned());
            end = start;
        }
        parts.reverse();
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `abc` is `a`, `b`, `c` or what else; then all ways, or `too many`.
    fn parted(values: &[&str], text: &str) -> String {
        let mut written = Values { are_appended: true, has_empty: false, all: values.to_vec() };
        written.sort();
        match written.part(text, &mut |_| Ok(())) {
            Ok(Parted::Is(parts)) => parts.join("|"),
            Ok(Parted::Several(_, Some(two))) => two.map(|parts| parts.join("|")).join(" or "),
            Ok(Parted::Several(_, None)) => "too many".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_text_is_taken_apart_in_the_only_way_or_in_two_of_several() {
        for (values, text, expected) in [
            (&["a", "ab", "c"][..], "abc", "ab|c"),
            (&["a", "ab", "bc", "c"], "abc", "a|bc or ab|c"),
            (&["1", "2", "12"], "12", "12 or 1|2"),
            // The longest first would leave a rest that nobody wrote.
            (&["a", "ab", "bcd"], "abcd", "a|bcd"),
            (&["a", "b"], "abx", "a|b|x"),
            (&["é", "é!"], "é!é", "é!|é"),
            (&[], "x", "x"),
        ] {
            assert_eq!(parted(values, text), expected, "{values:?} {text}");
        }
    }

    #[test]
    fn a_text_that_can_be_taken_apart_at_every_byte_costs_no_more_than_its_length_allows() {
        let values: Vec<String> = (1..2_000).map(|length| "a".repeat(length)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(parted(&values, &"a".repeat(1 << 15)), "too many");
        let values: Vec<String> = (0..2_000).map(|number| format!("x {number} y")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(parted(&values, &values.concat()), values.join("|"));
    }
}
