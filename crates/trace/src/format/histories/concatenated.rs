//! Lists that are shown as one text: what was appended to a key, one behind the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Call, Completion, Operation};

/// Takes apart what reads show of keys that are appended to: into values that were appended or written, the longest that
/// fits first. From where nothing fits the rest is left as one value, which nobody wrote. What shows nothing shows no value.
pub(super) fn part(operations: &mut [Operation]) {
    let mut written: BTreeMap<String, Values> = BTreeMap::new();
    for operation in operations.iter() {
        if let Call::Append { key, value } | Call::Write { key, value } = &operation.call {
            let values = written.entry(key.clone()).or_default();
            values.are_appended |= matches!(operation.call, Call::Append { .. });
            values.lengths.insert(value.len());
            values.all.insert(value.clone());
        }
    }
    for operation in operations {
        let (Call::Read { key }, Some((_, Completion::Shows(shown)))) =
            (&operation.call, &mut operation.completed)
        else {
            continue;
        };
        let [text] = &shown[..] else { continue };
        *shown = match written.get(key) {
            _ if text.is_empty() => Vec::new(),
            Some(values) if values.are_appended => values.part(text),
            _ => continue,
        };
    }
}

/// What was written to a key.
#[derive(Debug, Default)]
struct Values {
    are_appended: bool,
    all: BTreeSet<String>,
    lengths: BTreeSet<usize>,
}

impl Values {
    fn part(&self, text: &str) -> Vec<String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let longest = self.lengths.iter().rev().filter(|length| **length > 0);
            let fits = |length: &usize| rest.get(..*length).filter(|part| self.all.contains(*part));
            let part = longest.into_iter().find_map(fits).unwrap_or(rest);
            parts.push(part.to_owned());
            rest = &rest[part.len()..];
        }
        parts
    }
}
