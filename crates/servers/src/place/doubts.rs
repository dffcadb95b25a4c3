//! What nobody can tell of a real server that was measured, and why: the machine or an adapter did not do its part.

use std::fmt;
use std::time::Duration;

use constellation_lab::placement::Placement;
use constellation_lab::placement::cell::{InPartition, Otherwise};
use constellation_lab::placement::protocol::Condition;

use crate::clients::Fault;
use crate::drive::{Amiss, Driven, Ended, Lateness};

/// How late half of the packets of a sweep may be before nobody can tell how many round trips anything takes: a part of the
/// least delay of a sweep. A power of two of microseconds, as lateness is counted so.
pub const LATE_SWEEP: Duration = Duration::from_micros(2_048);
/// How late a packet, or who asks, may be before nobody can tell whether a site would have answered: as lateness is counted in
/// powers of two, it was half as late at the least.
pub const LATE_CUT: Duration = Duration::from_millis(524);

/// Why something that was measured tells nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The machine was too busy for latencies.
    BusySweep {
        /// In which round.
        condition: Condition,
        /// How late half of the packets were, or later.
        late: Duration,
    },
    /// The machine was so busy that a site may have been silent for that.
    BusyCut {
        /// In which round.
        condition: Condition,
        /// How late something was.
        late: Duration,
    },
    /// An adapter did what none may do.
    Adapter {
        /// In which round.
        condition: Condition,
        /// What.
        fault: Fault,
    },
    /// What was to be done to a server could not be done.
    Harm {
        /// In which round.
        condition: Condition,
        /// Why.
        what: String,
    },
    /// The user had had enough.
    Interrupted {
        /// How many rounds were whole.
        whole: usize,
        /// Of how many.
        of: usize,
    },
    /// A round was not over in its time.
    TooLong {
        /// Which.
        condition: Condition,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::BusySweep { condition, late } => write!(
                f,
                "the machine was too busy to tell how many round trips anything takes: while {condition}, half of the packets \
                 were {} or later",
                told(*late)
            ),
            Doubt::BusyCut { condition, late } => write!(
                f,
                "the machine was too busy to tell who answers: while {condition}, it was {} late",
                told(*late)
            ),
            Doubt::Adapter { condition, fault } => {
                write!(f, "while {condition}, {fault}; nothing was asked after that")
            }
            Doubt::Harm { condition, what } => {
                write!(f, "while {condition}, {what}; nothing was asked after that")
            }
            Doubt::Interrupted { whole, of } => {
                write!(f, "it was interrupted after {whole} of {of} rounds")
            }
            Doubt::TooLong { condition } => {
                write!(f, "the round in which {condition} was not over in its time")
            }
        }
    }
}

impl Doubt {
    pub(super) fn of(amiss: Amiss, condition: Condition) -> Doubt {
        match amiss {
            Amiss::Adapter(fault) => Doubt::Adapter { condition, fault },
            Amiss::Harm(what) => Doubt::Harm { condition, what },
        }
    }
}

fn told(late: Duration) -> String {
    constellation_lab::placement::told::ms(late)
}

/// What the rounds leave in doubt.
pub(super) fn doubts(driven: &[Driven], ended: Ended, of: usize) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for Driven { record, lateness: Lateness { typical, most }, amiss, .. } in driven {
        let condition = record.round.condition;
        if matches!(condition, Condition::Alike { .. }) && *typical >= LATE_SWEEP {
            doubts.push(Doubt::BusySweep { condition, late: *typical / 2 });
        }
        if !record.round.is_normal() && *most >= LATE_CUT {
            doubts.push(Doubt::BusyCut { condition, late: *most / 2 });
        }
        doubts.extend(amiss.clone().map(|amiss| Doubt::of(amiss, condition)));
    }
    let whole = driven.iter().filter(|driven| driven.ended == Ended::Whole).count();
    let last = driven.last().map(|driven| driven.record.round.condition);
    match (ended, last) {
        (Ended::Interrupted, _) => doubts.push(Doubt::Interrupted { whole, of }),
        (Ended::TooLong, Some(condition)) => doubts.push(Doubt::TooLong { condition }),
        (Ended::Whole, _) if whole < of => doubts.push(Doubt::Interrupted { whole, of }),
        _ => {}
    }
    doubts
}

/// Takes back what is in doubt. What was seen to be wrong stays wrong, however busy the machine was.
pub(super) fn doubt(placement: &mut Placement, doubts: &[Doubt]) {
    for doubt in doubts {
        match doubt {
            Doubt::BusySweep { .. } => {
                for row in &mut placement.trips {
                    (row.trips, row.by_key) = (None, None);
                }
            }
            // That a site did not answer may be the machine's fault.
            Doubt::BusyCut { .. } => {
                if placement.cell.partition == InPartition::Consistency {
                    placement.cell.partition = InPartition::Unknown;
                }
            }
            Doubt::Adapter { .. }
            | Doubt::Harm { .. }
            | Doubt::Interrupted { .. }
            | Doubt::TooLong { .. } => {
                placement.cell.partition = InPartition::Unknown;
                if placement.cell.otherwise == Otherwise::Consistency {
                    placement.cell.otherwise = Otherwise::Unknown;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use constellation_lab::placement::cell::Cell;
    use constellation_lab::placement::client::Kind;
    use constellation_lab::placement::measure::Trips;
    use constellation_lab::placement::protocol::{Fate, Round, Way};
    use constellation_lab::placement::record::Record;
    use constellation_lab::placement::{SiteTrips, placed};

    use super::*;
    use crate::clients::{Which, Wrong};
    use crate::place::SITES;

    const ALIKE: Condition = Condition::Alike { delay: Duration::from_millis(5) };
    const CUT: Condition = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };

    fn driven(condition: Condition, typical_us: u64, most_ms: u64) -> Driven {
        let lateness =
            Lateness { typical: Duration::from_micros(typical_us), most: Duration::from_millis(most_ms) };
        let record = Record { round: Round::new(SITES, condition), asked: Vec::new() };
        Driven { record, lateness, amiss: None, ended: Ended::Whole }
    }

    /// What is left of a cell and of a number of round trips, and why.
    fn left(rounds: &[Driven], ended: Ended, of: usize, cell: &str) -> (String, bool, Vec<String>) {
        let mut placement = placed("planted".to_owned(), 0, Vec::new());
        placement.cell = Cell::parse(cell).expect("it is one");
        let trips = Some(Trips(100));
        placement.trips = vec![SiteTrips { site: 0, kind: Kind::Read, trips, by_key: None }];
        let doubts = doubts(rounds, ended, of);
        doubt(&mut placement, &doubts);
        let told = doubts.iter().map(ToString::to_string).collect();
        (placement.cell.to_string(), placement.trips[0].trips.is_some(), told)
    }

    #[test]
    fn a_machine_that_is_in_time_leaves_nothing_in_doubt() {
        let rounds = [driven(ALIKE, 1_024, 400), driven(CUT, 4_096, 262)];
        assert_eq!(left(&rounds, Ended::Whole, 2, "PC/EC"), ("PC/EC".to_owned(), true, vec![]));
    }

    #[test]
    fn a_busy_machine_tells_no_round_trips_and_not_who_answers() {
        let late = [driven(ALIKE, 2_048, 1), driven(CUT, 64, 600)];
        let (cell, is_known, told) = left(&late, Ended::Whole, 2, "PC/EC");
        assert_eq!((cell.as_str(), is_known), ("P?/EC", false));
        assert_eq!(
            told,
            [
                "the machine was too busy to tell how many round trips anything takes: while every link takes 5 ms, half of \
                 the packets were 1.0 ms or later",
                "the machine was too busy to tell who answers: while pacific is cut off, it was 300.0 ms late",
            ]
        );
        // What is lost is lost, and who answered all has answered all.
        for cell in ["PA/EL", "P-/EL"] {
            let known = Cell::parse(cell).expect("it is one").to_string();
            assert_eq!(left(&late, Ended::Whole, 2, cell).0, known);
        }
    }

    #[test]
    fn an_adapter_that_failed_and_a_user_who_had_enough_leave_it_open() {
        let fault = Fault { adapter: Which { site: 1, nth: 0 }, what: Wrong::OutOfTurn };
        let failed = Driven { amiss: Some(Amiss::Adapter(fault)), ended: Ended::Failed, ..driven(CUT, 1, 1) };
        let (cell, _, told) = left(&[driven(ALIKE, 1, 1), failed], Ended::Failed, 9, "PC/EC");
        assert_eq!(cell, "P?/E?");
        assert_eq!(
            told,
            [
                "while pacific is cut off, the adapter at atlantic says \"ready\" twice, or answers before it says so; nothing \
                 was asked after that"
            ]
        );
        // What was seen to be wrong stays wrong.
        let (cell, _, told) = left(&[driven(ALIKE, 1, 1)], Ended::Interrupted, 9, "PC/EL");
        assert_eq!(
            (cell.as_str(), &*told),
            ("P?/EL", &["it was interrupted after 1 of 9 rounds".to_owned()][..])
        );
    }
}
