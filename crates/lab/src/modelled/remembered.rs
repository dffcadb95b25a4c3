//! What a tape says of the models that found it, and of what clients do not ask in it: its scenario has them in its name.

use std::collections::BTreeSet;

use constellation_sim::choices::Provenance;
use constellation_verify::models::{self, Model};

/// Between what runs and by what it is judged, in the name of a scenario.
const MODELS: &str = "/model/";
/// Between that and which requests are left out.
const WITHOUT: &str = "/without/";
/// More requests than any subject plans.
const REQUESTS_MAX: usize = 1 << 20;

/// What a tape is judged by, and without what it is played.
///
/// ```
/// use constellation_lab::modelled::Remembered;
/// use constellation_sim::choices::Provenance;
///
/// let tape = Provenance::new("quorum-register/read-one/model/linearizable/without/2-4.7", "3f2a", 1);
/// let (own, remembered) = Remembered::of(&tape);
/// assert_eq!(own.scenario, "quorum-register/read-one");
/// assert_eq!(remembered.models[0].about().name, "linearizable");
/// assert_eq!(remembered.left_out.iter().copied().collect::<Vec<_>>(), [2, 3, 4, 7]);
/// assert_eq!(remembered.enter(own), tape);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Remembered {
    /// The models; none if it is judged by what is promised.
    pub models: Vec<&'static dyn Model>,
    /// The requests of clients that are not made.
    pub left_out: BTreeSet<u32>,
}

impl Remembered {
    /// These models, and nothing left out.
    pub fn models(models: &[&'static dyn Model]) -> Remembered {
        Remembered { models: models.to_vec(), left_out: BTreeSet::new() }
    }

    /// Where a tape comes from without what its scenario's name says of models, and that. What is no such name says nothing.
    pub fn of(provenance: &Provenance) -> (Provenance, Remembered) {
        let mut own = provenance.clone();
        let Some((scenario, remembered)) = read(&provenance.scenario) else {
            return (own, Remembered::default());
        };
        scenario.clone_into(&mut own.scenario);
        (own, remembered)
    }

    /// Where a tape comes from that is judged so.
    pub fn enter(&self, mut own: Provenance) -> Provenance {
        if self.models.is_empty() {
            return own;
        }
        let names: Vec<_> = self.models.iter().map(|model| model.about().name).collect();
        own.scenario.push_str(MODELS);
        own.scenario.push_str(&names.join(","));
        if !self.left_out.is_empty() {
            own.scenario.push_str(WITHOUT);
            own.scenario.push_str(&ranges(&self.left_out));
        }
        own
    }
}

fn read(name: &str) -> Option<(&str, Remembered)> {
    let (scenario, rest) = name.rsplit_once(MODELS)?;
    let (names, left_out) = match rest.split_once(WITHOUT) {
        Some((names, left_out)) => (names, numbers(left_out)?),
        None => (rest, BTreeSet::new()),
    };
    let models = names.split(',').map(|name| models::find(name).ok()).collect::<Option<Vec<_>>>()?;
    Some((scenario, Remembered { models, left_out }))
}

/// Numbers and ranges of them with dots between.
fn ranges(numbers: &BTreeSet<u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let shown = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(".")
}

fn numbers(text: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for range in text.split('.') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if first > last || numbers.len() + (last - first) as usize >= REQUESTS_MAX {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}
