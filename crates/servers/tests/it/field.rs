//! A field without processes, on which a hunt of any length takes the time that its judges take.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use constellation_lab::placement::Store;
use constellation_servers::drive::{Ended, Stand as _};
use constellation_servers::hunt::judged::Claim;
use constellation_servers::hunt::rounds::{Field, Hunt, Hunted, Schedules, Stage, hunt_on};
use constellation_servers::hunt::schedule::{FaultKind, Schedule};
use constellation_servers::hunt::trial::{Pace, Tried, carry_out};
use constellation_servers::server::Server as _;
use constellation_servers::servers::specimen::Specimen;
use constellation_servers::stand::StandError;

use crate::imagined::Imagined;

/// A simulated store, begun anew for each round as its processes would be.
struct Imaginary<'a> {
    store: &'a Store,
    stand: Option<Imagined>,
    /// How long those before stood.
    before: Duration,
}

impl Field for Imaginary<'_> {
    fn elapsed(&self) -> Duration {
        self.before + self.stand.as_ref().map_or(Duration::ZERO, Imagined::now)
    }

    fn stand(&mut self, tell: &mut dyn FnMut(Stage<'_>)) -> Result<(), StandError> {
        self.leave();
        tell(Stage::Starting);
        self.stand = Some(Imagined::of(self.store));
        Ok(())
    }

    fn carry_out(&mut self, schedule: &Schedule) -> Result<Tried, StandError> {
        let Some(stand) = &mut self.stand else { return Err(StandError::Interrupted) };
        let tried = carry_out(schedule, Pace::HUNT, stand, ("h1-", 1));
        if tried.ended == Ended::Interrupted { Err(StandError::Interrupted) } else { Ok(tried) }
    }

    fn leave(&mut self) {
        self.before = self.elapsed();
        self.stand = None;
    }

    fn fallen(&self) -> u64 {
        0
    }
}

/// Hunts a store for so long, as it passes there; `tell` hears how many operations there were before each round.
pub(crate) fn hunted(store: &str, claim: Claim, time: Duration, mut tell: impl FnMut(u64)) -> Hunted {
    let store: Store = store.parse().expect("it is one");
    let (server, stop) = (Specimen(store.clone()), AtomicBool::new(false));
    let kinds = vec![FaultKind::Cut, FaultKind::Isolate, FaultKind::Slow, FaultKind::Loss];
    let hunt = Hunt {
        mode: server.info().modes.remove(0),
        server: &server,
        claim,
        schedules: Schedules::Seeds { from: 1, kinds },
        pace: Pace::HUNT,
        time,
        tries: 3,
        program: PathBuf::new(),
        stop: &stop,
    };
    let mut field = Imaginary { store: &store, stand: None, before: Duration::ZERO };
    let hunted = hunt_on(&mut field, &hunt, &mut |stage| {
        if let Stage::Round { operations, .. } = stage {
            tell(operations);
        }
    });
    hunted.unwrap_or_else(|error| panic!("{error}"))
}
