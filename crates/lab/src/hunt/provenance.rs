//! From where a tape comes, and what it says to a reader.

use constellation_fabric::{Calm, Choices, Odds, Options, Question};
use constellation_sim::choices::Provenance;
use constellation_sim::{Seeded, Tape};
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Trace, Verdict};

use super::doings::doings;
use crate::scenario::Scenario;
use crate::simulate::{Cluster, RunError};
use crate::subject::Subject;

/// Where tapes of this scenario come from: its name, and a digest that changes with whatever would make a tape mean
/// something else, in the scenario or in the program.
///
/// Half of the digest is that of the calm run, the other that of two contrary ones, in which a quarter of what can go wrong
/// does, whatever its odds, and all that has a size has its least or its greatest: so it changes with both ends of each
/// range, too, but not with the odds of what can happen at all. See [`changed`].
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
    let run = |choices: &mut dyn Choices| match subject.play(0, choices) {
        // Of a run without end the beginning counts, which is as long for everybody.
        Err(RunError::TooLong { so_far, .. }) => Ok(jsonl::digest(&so_far).to_string()),
        played => played.map(|trace| jsonl::digest(&trace).to_string()),
    };
    let calm = run(&mut Calm)?;
    let contrary = [Sizes::Least, Sizes::Greatest].map(|sizes| {
        // Where bad luck cannot be run, it says as little as in every such scenario.
        run(&mut Contrary(sizes, Seeded::new(0))).unwrap_or_default()
    });
    let digest = half(&calm) + &half(&contrary.concat());
    Ok(Provenance::new(name, digest, seed))
}

/// How many hexadecimal digits each half has: enough to notice a change by, and short enough to paste.
const HALF: usize = 8;

/// So many digits that depend on all digits of these digests.
fn half(digests: &str) -> String {
    let mut folded = [0_u8; HALF / 2];
    for (place, pair) in digests.as_bytes().chunks(2).enumerate() {
        let byte = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        // Turned by a step each time round, so that equal digests do not cancel each other out.
        let turns = u32::try_from(place / folded.len() % 8).expect("below 8");
        folded[place % (HALF / 2)] ^= byte.unwrap_or_default().rotate_left(turns);
    }
    folded.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// A quarter of what can go wrong does, and all that has a size has this one.
struct Contrary(Sizes, Seeded);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sizes {
    Least,
    Greatest,
}

impl Choices for Contrary {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let quarter = Odds::ppm(250_000).expect("it is below a million");
        match (options, self.0) {
            (Options::Chance(_), _) => self.1.choose(question, Options::Chance(quarter)),
            (_, Sizes::Least) => 0,
            (options, Sizes::Greatest) => options.count().get() - 1,
        }
    }
}

/// Shows in the evidence of a violation what of a tape deviates from the calm run, and what each deviation did in `trace`,
/// which is the run that the tape makes.
pub fn explain(judgement: &mut Judgement, tape: &Tape, trace: &Trace) {
    let Verdict::Violated(evidence) = &mut judgement.verdict else { return };
    evidence.steps = deviations(tape);
    evidence.meanings = doings(tape, trace);
    let notes = if tape.answers().is_empty() {
        "the calm run breaks it: no luck is needed".to_owned()
    } else {
        "all else is as in the calm run: least latency, nothing lost, nothing twice".to_owned()
    };
    // What a judge rests its proof on is said after it.
    evidence.notes.insert(0, notes);
}

/// The deviations of a tape as the steps of a schedule, in the words of the tape.
pub fn deviations(tape: &Tape) -> Vec<String> {
    tape.answers().iter().map(|answer| answer.show(tape.names()).to_string()).collect()
}
