//! A number by the wall clock: the rule `clock::epoch-as-order`.

use crate::look::{Found, Look, Named};
use crate::syntax::span;
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "clock::epoch-as-order",
    family: Family::Clock,
    level: Level::Info,
    title: "a moment of the wall clock for a number that must grow",
    page: Page {
        why: "A moment is no counter. Two callers read the same one, and a clock that is set back gives \
              numbers that were given before.",
        incident: "Ballots are taken from the clock. One station is an hour ahead and wins every election \
                   for an hour, with whatever it last knew: clocks choose, as they did between the two \
                   updates of MSS-17.",
        instead: "count, and keep the count; or put the number of the node behind the moment and look that it \
                  grows",
        better: "let ballot = (self.highest + 1, self.id);",
        alike: &["when something was made, for people", "stamps in logs and metrics"],
        allow: "If two may have the same number, or go back, say so.",
        shows: &[
            "run conjunction --resolver wall-lww --wall node=pacific,ahead=1h",
            "hunt specimen:telephone/unsynchronised",
        ],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Named(look)],
};

const NUMBERS: [&str; 14] = [
    "id",
    "version",
    "term",
    "seq",
    "sequence",
    "nonce",
    "ballot",
    "generation",
    "revision",
    "fencing",
    "epoch",
    "serial",
    "index",
    "lsn",
];

/// Names of what is a moment after all.
const MOMENTS: [&str; 10] =
    ["time", "timestamp", "created", "updated", "at", "ms", "secs", "nanos", "since", "now"];

/// What makes a number of a moment.
const COUNTS: [&str; 10] = [
    "as_nanos",
    "as_micros",
    "as_millis",
    "as_secs",
    "timestamp",
    "timestamp_millis",
    "timestamp_micros",
    "timestamp_nanos_opt",
    "unix_timestamp",
    "unix_timestamp_nanos",
];

fn look<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(name) = named.name.map(ToString::to_string) else { return };
    // An epoch alone is a moment, more often than not.
    if !says(&name, &NUMBERS) || says(&name, &MOMENTS) || name == "epoch" {
        return;
    }
    let range = scope.source.range(span(named.value));
    let has = |name: &str| scope.source.has_name(&range, name);
    let is_moment = has("now") && (has("SystemTime") || has("Utc")) || has("now_utc") || has("UNIX_EPOCH");
    if is_moment && COUNTS.iter().any(|count| has(count)) {
        found.looked(named.place);
        let here = format!("`{name}` may be given twice, and go back when the clock is set");
        found.say(span(named.value), scope, here);
    }
}
