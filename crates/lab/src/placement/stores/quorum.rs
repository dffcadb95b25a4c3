//! Any site coordinates: a write waits for W of the N replicas of its key, a read asks all and waits for R (Dynamo; DeCandia
//! and others 2007). The newest version, by the wall clock of who coordinated the write, wins.

mod coordinator;
mod handoff;
mod message;
mod replica;

use std::time::Duration;

use constellation_sim::Wall;

use super::setting::{Given, Setting, SettingError, name_of, names};
pub(super) use message::Message;
pub(super) use replica::Replica;

/// How a quorum is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quorum {
    /// How many replicas a key has, from 1 to the number of sites.
    pub n: u32,
    /// How many of them a read waits for, from 1 to `n`.
    pub r: u32,
    /// How many of them a write waits for, from 1 to `n`.
    pub w: u32,
    /// What a read does with replicas that showed it something older.
    pub repair: Repair,
    /// Who stands in for replicas that do not answer.
    pub sloppy: Sloppy,
    /// How far the wall clock of the second site is ahead of the others: what it takes wins over what the others take later.
    pub skew: Duration,
}

/// Who counts where a replica does not answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sloppy {
    /// Nobody but the replicas: quorums that are to meet do.
    Off,
    /// The next sites on the ring stand in. They hold writes for the replicas, and hand them over when these answer again
    /// (hinted handoff); so does whoever coordinates a write for replicas that have not taken it, also after its
    /// acknowledgement. Until then the R sites of a read and the W sites of a write may have none in common though R + W is
    /// more than N: they have one for sure only if R + W is more than the number of sites.
    On,
}

/// What a read does with replicas that are behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repair {
    /// Nothing.
    Off,
    /// It answers as if they were not; when all replicas have shown what they hold, or had time to, it sends the newest
    /// version to those that are behind (Dynamo).
    After,
    /// It sends them the newest version, and shows it when W of them have it (Attiya, Bar-Noy and Dolev 1995).
    Before,
}

impl Sloppy {
    const NAMES: [(&'static str, Sloppy); 2] = [("off", Sloppy::Off), ("on", Sloppy::On)];
}

impl Repair {
    const NAMES: [(&'static str, Repair); 3] =
        [("off", Repair::Off), ("after", Repair::After), ("before", Repair::Before)];
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { key: "n", values: &["3", "1", "2", "4", "5"], says: "how many replicas a key has" },
    Setting { key: "r", values: &["2", "1", "3", "4", "5"], says: "how many replicas a read waits for" },
    Setting { key: "w", values: &["2", "1", "3", "4", "5"], says: "how many replicas a write waits for" },
    Setting {
        key: "repair",
        values: &names(&Repair::NAMES),
        says: "whether a read brings replicas up to date that are behind, and before or after it answers",
    },
    Setting {
        key: "sloppy",
        values: &names(&Sloppy::NAMES),
        says: "whether sites that are no replicas of a key stand in for those that do not answer",
    },
    Setting {
        key: "skew",
        values: &["0ms", "200ms"],
        says: "how far the wall clock of the second site is ahead of the others",
    },
];

impl Quorum {
    pub(super) fn read(given: &Given<'_>) -> Result<Quorum, SettingError> {
        let is_smallest = given.sites < 5;
        let of_sites = if is_smallest { "4 and 5 need sites=5" } else { "there are 5 sites" };
        let n = given.number_to("n", given.sites, of_sites)?;
        let [r, w] = [given.number_to("r", n, format!("n={n}"))?, given.number_to("w", n, format!("n={n}"))?];
        let repair = given.one_of("repair", &Repair::NAMES)?;
        let sloppy = given.one_of("sloppy", &Sloppy::NAMES)?;
        if sloppy == Sloppy::On {
            // Else there is nobody to stand in.
            given.number_to("n", given.sites - 1, "with sloppy=on a site must be left to stand in")?;
        }
        Ok(Quorum { n, r, w, repair, sloppy, skew: given.duration("skew")? })
    }

    pub(super) fn settings(self) -> String {
        let Quorum { n, r, w, repair, sloppy, skew } = self;
        let repair = name_of(&Repair::NAMES, &repair);
        let sloppy = name_of(&Sloppy::NAMES, &sloppy);
        // Whoever has right clocks need not say so.
        let skew = if skew.is_zero() { String::new() } else { format!(",skew={}ms", skew.as_millis()) };
        format!("n={n},r={r},w={w},repair={repair},sloppy={sloppy}{skew}")
    }

    /// The wall clocks of the sites, in order.
    pub(super) fn walls(self) -> [Wall; 2] {
        let offset_ns = i64::try_from(self.skew.as_nanos()).expect("its values are milliseconds");
        [Wall::TRUE, Wall { offset_ns, ..Wall::TRUE }]
    }
}
