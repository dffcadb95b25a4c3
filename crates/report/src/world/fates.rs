//! What became of messages other than to arrive once, and why.

use constellation_trace::{Loss, MessageId, Nemesis, Trace, TrueTime, Wait};

use super::Absences;

/// What the world did to a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fate {
    /// To which.
    pub message: MessageId,
    /// When.
    pub at: TrueTime,
    /// What.
    pub end: End,
    /// Why, in a few words on one line; empty when there is nothing to say.
    pub why: String,
}

/// What the world does to a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum End {
    /// It, or a copy of it, is gone for good.
    Lost = 1,
    /// It waits at a cut link for the heal.
    Held = 2,
    /// It will arrive once more than it was sent.
    Duplicated = 3,
    /// It arrives as another.
    Corrupted = 4,
    /// It goes out later than it was sent.
    Waits = 5,
    /// It was still on its way when the recording ended.
    InFlight = 6,
}

/// What the world did to messages, in the order of the messages, to one message in the order of recording.
/// O(events + n log n).
pub fn fates(trace: &Trace) -> Vec<Fate> {
    let mut fates = Vec::new();
    let mut absences = Absences::begin(trace);
    let mut events = trace.event_ids().peekable();
    for entry in trace.nemesis() {
        while let Some(event) = events.next_if(|event| event.number() < entry.after_events) {
            absences.see(trace, event);
        }
        absences.see_world(&entry.nemesis);
        let Some(message) = entry.nemesis.message() else { continue };
        let (end, why) = match &entry.nemesis {
            Nemesis::Lose(_, Loss::Plain) => {
                (End::Lost, absences.explain(trace, message, entry.at).unwrap_or_default())
            }
            Nemesis::Lose(_, why) => (End::Lost, loss_words(*why)),
            Nemesis::Hold(_) => (End::Held, String::new()),
            Nemesis::Duplicate(_) => (End::Duplicated, String::new()),
            Nemesis::Corrupt { .. } => (End::Corrupted, "bits flipped, and nothing saw it".to_owned()),
            Nemesis::Wait { until, why, .. } => (End::Waits, format!("{} until {until}", waits(*why))),
            Nemesis::InFlight(_) => (End::InFlight, String::new()),
            _ => continue,
        };
        fates.push(Fate { message, at: entry.at, end, why });
    }
    fates.sort_by_key(|fate| fate.message);
    fates
}

/// Why a message is gone, without that it is.
fn loss_words(loss: Loss) -> String {
    loss.to_string().trim_start_matches("is lost").trim_start_matches(": ").to_owned()
}

const fn waits(why: Wait) -> &'static str {
    match why {
        Wait::Queue => "waits behind others",
        Wait::Link => "waits for the link",
        Wait::Partition => "is held by a partition",
        _ => "waits",
    }
}
