//! What becomes of a store while the server of one site is down, and once it is back: who answers, what of the acknowledged
//! writes is lost, and which models hold. No cell follows from it, as a server that is down is no partition; but it is
//! fail-over that loses what was acknowledged.

use std::time::Duration;

use super::client::{Answer, Kind};
use super::judged::{self, Consistency};
use super::measure::{self, Gone};
use super::protocol::{CUT_AT, HEAL_AT};
use super::record::{Asked, Phase, Record};
use super::{Lost, Overwritten};

/// What became of a store in a round in which a server was killed and begun again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Downtime {
    /// At which site.
    pub site: usize,
    /// What each site did with each kind of operation from the kill on; what was begun so late that it may have been answered
    /// only after the restart is left out.
    pub down: Vec<Outage>,
    /// What each did from the restart on, without what was read back at the end.
    pub back: Vec<Outage>,
    /// Acknowledged writes that were gone at the end.
    pub lost: Lost,
    /// When each of them was seen to be.
    pub gone: Vec<Gone>,
    /// Of clients that built on what they had read, how many writes were overwritten unseen.
    pub overwritten: Overwritten,
    /// Of the models that are asked, whether each holds in this round, in their order.
    pub models: Vec<(&'static str, Consistency)>,
    /// How long after the restart what was acknowledged was looked for.
    pub read_back: Duration,
}

/// How a site answered one kind of operation for a while.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outage {
    /// Which site.
    pub site: usize,
    /// What.
    pub kind: Kind,
    /// How many were asked.
    pub asked: usize,
    /// How many were refused: they took no effect.
    pub refused: usize,
    /// How many had no answer in time, or one that does not tell.
    pub unanswered: usize,
    /// From the kill, or the restart, to the beginning of the first operation from which on all were done; zero where each
    /// was, `None` where the last was not.
    pub again: Option<Duration>,
}

impl Outage {
    /// How many were done.
    pub const fn done(&self) -> usize {
        // Each was done, refused or not answered.
        self.asked - self.refused - self.unanswered
    }

    /// Of these operations, in the order of asking, since then.
    fn of<'a>(
        (site, kind): (usize, Kind),
        since: Duration,
        asked: impl Iterator<Item = &'a Asked>,
    ) -> Outage {
        let mut outage =
            Outage { site, kind, asked: 0, refused: 0, unanswered: 0, again: Some(Duration::ZERO) };
        for one in asked {
            outage.asked += 1;
            match one.ended {
                Some((_, Answer::Ok(_))) => {
                    outage.again.get_or_insert(one.begun.saturating_sub(since));
                    continue;
                }
                Some((_, Answer::Refused(_))) => outage.refused += 1,
                Some((_, Answer::Unknown(_))) | None => outage.unanswered += 1,
            }
            outage.again = None;
        }
        outage
    }
}

impl Downtime {
    /// What became of the store in a round; `None` if no server was down in it. `models` are those that are asked, by their
    /// names: what holds as long as none is.
    pub fn of(record: &Record, models: &[&'static str]) -> Option<Downtime> {
        let site = record.round.down()?;
        let rows = || measure::rows(record.round.sites);
        let down = rows().map(|(site, kind)| {
            let asked = measure::during_cut(record, site, kind).map(|(_, asked)| asked);
            Outage::of((site, kind), CUT_AT, asked)
        });
        let back = rows().map(|(site, kind)| {
            // Clients that take turns ask less where they are not answered, and whoever reads back asks far more.
            let asked = record.asked.iter().filter(|asked| {
                (asked.site, asked.ask.kind(), asked.phase) == (site, kind, Phase::Traffic)
                    && asked.begun >= HEAL_AT
            });
            Outage::of((site, kind), HEAL_AT, asked)
        });
        Some(Downtime {
            site,
            down: down.collect(),
            back: back.collect(),
            lost: super::lost(&[(0, record)]),
            gone: measure::gone(record),
            overwritten: super::overwritten(&[(0, record)]),
            models: judged::kept(record, models),
            read_back: record.round.pace.read_back(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::Store;
    use crate::placement::protocol::{Condition, Round};

    fn downtime(store: &str, site: usize) -> Downtime {
        let store: Store = store.parse().expect("it is one");
        let round = Round::new(store.sites, Condition::Down { site });
        let record = store.run(&round, 1).expect("it is simulated");
        Downtime::of(&record, &["linearizable"]).expect("a server was down")
    }

    #[test]
    fn a_simulated_leader_that_is_down_forgets_and_a_follower_is_told_again() {
        let leader = "leader:sync=none,reads=leader,failover=off";
        let forgets = downtime(leader, 0);
        assert!(forgets.lost.count > 0 && forgets.gone.len() == forgets.lost.count, "{forgets:?}");
        assert!(matches!(forgets.models[..], [("linearizable", Consistency::Violated(_))]));
        let follows = downtime(leader, 1);
        assert!(follows.lost.of > 0 && follows.lost.count == 0 && follows.gone.is_empty(), "{follows:?}");
        // Whoever is down answers nothing, and the others all.
        for row in &follows.down {
            assert_eq!((row.done() == 0, row.again.is_none()), (row.site == 1, row.site == 1), "{row:?}");
        }
    }

    #[test]
    fn a_round_in_which_no_server_is_down_has_no_downtime() {
        let record = Record { round: Round::new(3, Condition::Busy), asked: Vec::new() };
        assert_eq!(Downtime::of(&record, &[]), None);
    }
}
