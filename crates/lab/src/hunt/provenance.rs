//! From where a tape comes, and what it says to a reader.

use constellation_fabric::{Calm, Choices, Odds, Options, Question};
use constellation_sim::choices::Provenance;
use constellation_sim::{Seeded, Tape};
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Trace, Verdict};

use crate::scenario::Scenario;
use crate::simulate::{Cluster, RunError};
use crate::subject::Subject;

/// Where tapes of this scenario come from: its name, and a digest that changes with whatever would make a tape mean
/// something else, in the scenario or in the program.
///
/// Half of the digest is that of the calm run, the other that of a contrary one, in which a quarter of what can go wrong
/// does, whatever its odds, and all that has a size has its greatest: so it changes with each range of latencies, too, but
/// not with the odds of what can happen at all. See [`changed`].
///
/// # Errors
/// [`RunError`] when the calm run cannot be made; of one that is longer than allowed the beginning counts, and counts alone.
pub fn provenance(scenario: &Scenario, seed: u64) -> Result<Provenance, RunError> {
    provenance_of(&Cluster::of(scenario), &scenario.name, seed)
}

/// The same of anything that can be run and judged, by its name.
///
/// # Errors
/// As [`provenance`].
pub fn provenance_of<S: Subject + ?Sized>(
    subject: &S,
    name: &str,
    seed: u64,
) -> Result<Provenance, RunError> {
    let (calm, contrary) = match subject.play(0, &mut Calm) {
        Err(RunError::TooLong { so_far, .. }) => (digest(&so_far), None),
        calm => (digest(&calm?), subject.play(0, &mut Contrary(Seeded::new(0))).ok()),
    };
    // Where bad luck has no end, its half says as little as in every such scenario.
    let contrary = contrary.map_or("0".repeat(HALF), |trace| digest(&trace));
    Ok(Provenance::new(name, calm + &contrary, seed))
}

/// How many hexadecimal digits each half has: enough to notice a change by, and short enough to paste.
const HALF: usize = 8;

fn digest(trace: &Trace) -> String {
    let mut digest = jsonl::digest(trace).to_string();
    digest.truncate(HALF);
    digest
}

/// What has changed between two digests of [`provenance`], in a few words; `None` if they are no two such digests.
///
/// ```
/// use constellation_lab::hunt::{changed, provenance};
/// use constellation_lab::incidents;
///
/// let digest = |faults: &str| {
///     let scenario = incidents::find("lossy-relay").expect("it ships").scenario();
///     provenance(&scenario.with_faults(faults).unwrap(), 1).unwrap().scenario_hash
/// };
/// assert_eq!(digest("loss=3.3%"), digest("loss=9%"), "a tape means the same whatever the odds");
/// let told = changed(&digest("loss=3.3%"), &digest("duplicate=1%"));
/// assert_eq!(told, Some("the calm run is the same; what can go wrong, or how far, is not"));
/// let told = changed(&digest("loss=3.3%"), &digest("latency=30ms..80ms"));
/// assert_eq!(told, Some("what happens without any bad luck is another run"));
/// ```
pub fn changed(tape: &str, here: &str) -> Option<&'static str> {
    if tape.len() != 2 * HALF || here.len() != 2 * HALF || tape == here {
        return None;
    }
    let is_calm_same = tape.get(..HALF)? == here.get(..HALF)?;
    Some(if is_calm_same {
        "the calm run is the same; what can go wrong, or how far, is not"
    } else {
        "what happens without any bad luck is another run"
    })
}

/// A quarter of what can go wrong does, and all that has a size has its greatest.
struct Contrary(Seeded);

impl Choices for Contrary {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let quarter = Odds::ppm(250_000).expect("it is below a million");
        match options {
            Options::Chance(_) => self.0.choose(question, Options::Chance(quarter)),
            options => options.count().get() - 1,
        }
    }
}

/// Shows in the evidence of a violation what of a tape deviates from the calm run.
pub fn explain(judgement: &mut Judgement, tape: &Tape) {
    let Verdict::Violated(evidence) = &mut judgement.verdict else { return };
    evidence.steps = deviations(tape);
    let notes = if tape.answers().is_empty() {
        "the calm run breaks it: no luck is needed".to_owned()
    } else {
        "all else is as in the calm run: least latency, nothing lost, nothing twice".to_owned()
    };
    evidence.notes = vec![notes];
}

/// The deviations of a tape as the steps of a schedule, in the words of the tape.
pub fn deviations(tape: &Tape) -> Vec<String> {
    tape.answers().iter().map(|answer| answer.show(tape.names()).to_string()).collect()
}
