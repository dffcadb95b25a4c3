//! What is gained by setting a store otherwise, and what that costs: two placements compared, in numbers.

use super::client::Kind;
use super::judged::Consistency;
use super::measure::NOISE;
use super::{Lost, Overwritten, Placement, StaleReads};

/// What another placement has that this one has not, and the reverse.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trade {
    /// What is better there, each with both numbers.
    pub gains: Vec<String>,
    /// What is worse there.
    pub costs: Vec<String>,
}

impl Trade {
    /// From one placement to another. O(n).
    pub fn between(here: &Placement, there: &Placement) -> Trade {
        let mut trade = Trade::default();
        for kind in Kind::ALL {
            trade.trips(kind, [here, there].map(|placement| trips(placement, kind)));
        }
        for kind in Kind::ALL {
            trade.answered(kind, [here, there].map(|placement| answered(placement, kind)));
        }
        trade.stale("in normal operation", [here.stale_normal, there.stale_normal]);
        trade.stale("with a cut", [here.stale_in_partition, there.stale_in_partition]);
        trade.linearizable("in normal operation", [&here.normal, &there.normal]);
        trade.linearizable("with a cut", [&here.in_partition, &there.in_partition]);
        trade.lost([&here.lost, &there.lost]);
        trade.overwritten([&here.overwritten, &there.overwritten]);
        trade
    }

    /// Files what is so there, and what is so here.
    fn file(&mut self, is_better: Better, says: String) {
        match is_better {
            Better::Here => self.costs.push(says),
            Better::There => self.gains.push(says),
        }
    }

    fn trips(&mut self, kind: Kind, [here, there]: [Option<i64>; 2]) {
        let (Some(here), Some(there)) = (here, there) else { return };
        if (here - there).abs() <= NOISE {
            return;
        }
        let told = |trips: i64| super::measure::Trips(trips);
        let better = if there < here { Better::There } else { Better::Here };
        let says =
            format!("a {kind} takes {} round trips on average at best (here {})", told(there), told(here));
        self.file(better, says);
    }

    fn answered(&mut self, kind: Kind, [here, there]: [Option<u64>; 2]) {
        let (Some(here), Some(there)) = (here, there) else { return };
        if here == there {
            return;
        }
        let better = if there > here { Better::There } else { Better::Here };
        self.file(better, format!("{there} % of {kind}s are answered with a cut (here {here} %)"));
    }

    fn stale(&mut self, when: &str, [here, there]: [StaleReads; 2]) {
        let told = |stale: StaleReads| match stale.count {
            0 => "no read".to_owned(),
            count => format!("{count} of {} reads", stale.of),
        };
        let better = match (here.count, there.count) {
            (0, 0) => return,
            (0, _) => Better::Here,
            (_, 0) => Better::There,
            // How many there are depends on how many are asked for.
            _ => return,
        };
        let are = if there.count == 0 { "is" } else { "are" };
        self.file(better, format!("{} {are} stale {when} (here {})", told(there), told(here)));
    }

    fn linearizable(&mut self, when: &str, both: [&Consistency; 2]) {
        match both {
            [Consistency::Violated(_), Consistency::Holds] => {
                self.gains.push(format!("what is answered {when} is linearizable (here not)"));
            }
            [Consistency::Holds, Consistency::Violated(_)] => {
                self.costs.push(format!("what is answered {when} is not linearizable (here it is)"));
            }
            _ => {}
        }
    }

    fn lost(&mut self, [here, there]: [&Lost; 2]) {
        let told = |lost: &Lost| match lost.missed() {
            0 => "no acknowledged write".to_owned(),
            count => format!("{count} of {} acknowledged writes", lost.of),
        };
        let better = match (here.missed(), there.missed()) {
            (0, 1..) => Better::Here,
            (1.., 0) => Better::There,
            _ => return,
        };
        let are = if there.missed() <= 1 { "is" } else { "are" };
        self.file(better, format!("{} {are} lost at a site (here {})", told(there), told(here)));
    }

    fn overwritten(&mut self, [here, there]: [&Overwritten; 2]) {
        let told = |overwritten: &Overwritten| match overwritten.count {
            0 => "no write".to_owned(),
            count => format!("{count} of {} writes", overwritten.of),
        };
        let better = match (here.count, there.count) {
            (0, 1..) => Better::Here,
            (1.., 0) => Better::There,
            _ => return,
        };
        let is = if there.count <= 1 { "is" } else { "are" };
        self.file(better, format!("{} {is} overwritten unseen (here {})", told(there), told(here)));
    }
}

/// Where something is better.
#[derive(Clone, Copy)]
enum Better {
    Here,
    There,
}

/// The mean of the fewest round trips of all sites and keys, in hundredths; `None` where those of one are not known.
fn trips(placement: &Placement, kind: Kind) -> Option<i64> {
    let of_kind = placement.trips.iter().filter(|row| row.kind == kind);
    let all = of_kind.map(|row| row.mean().map(|trips| trips.0)).collect::<Option<Vec<i64>>>()?;
    let count = i64::try_from(all.len()).ok().filter(|count| *count > 0)?;
    // Rounded to the nearest; none is below zero by more than noise.
    Some((all.iter().sum::<i64>() + count / 2).div_euclid(count))
}

/// How many of a hundred operations were answered with a cut, rounded down.
fn answered(placement: &Placement, kind: Kind) -> Option<u64> {
    let of_kind = placement.answers.iter().filter(|row| row.kind == kind);
    let (asked, done) =
        of_kind.fold((0, 0), |(asked, done), row| (asked + row.asked as u64, done + row.done as u64));
    (done * 100).checked_div(asked)
}
