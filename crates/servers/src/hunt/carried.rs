//! How harm is done to what runs on a testbed, and undone.

use constellation_fabric::{Link, NodeId, Odds};
use constellation_testbed::{Disk, Signal, Site, TestbedError};

use super::schedule::Harm;
use super::trial::{DELAY, Suffers};
use crate::stand::Running;

impl Suffers for Running<'_> {
    fn suffer(&mut self, before: &[Harm], now: &[Harm]) -> Result<(), String> {
        let in_words = |error: TestbedError| error.to_string();
        set_network(self, now).map_err(in_words)?;
        for harm in before.iter().filter(|harm| !now.contains(harm)) {
            heal(self, *harm).map_err(in_words)?;
        }
        for harm in now.iter().filter(|harm| !before.contains(harm)) {
            harm_processes(self, *harm).map_err(in_words)?;
        }
        Ok(())
    }
}

/// All links as they are where exactly these are at work; in one step, so that no packet finds a cut open meanwhile.
fn set_network(running: &mut Running<'_>, harms: &[Harm]) -> Result<(), TestbedError> {
    let (testbed, _) = running.parts();
    let nodes: Vec<NodeId> = testbed.sites().map(Site::node).collect();
    testbed.network(|network| {
        network.end_cuts();
        for (source, from) in nodes.iter().enumerate() {
            for (target, to) in nodes.iter().enumerate().filter(|(target, _)| *target != source) {
                network.set_link(*from, *to, link(harms, source, target));
            }
        }
        for harm in harms {
            match *harm {
                Harm::Cut { source, target } => network.cut(&[nodes[source]], &[nodes[target]]),
                Harm::Isolate { site } => {
                    let all = nodes.iter().copied();
                    let others: Vec<NodeId> = all.filter(|node| *node != nodes[site]).collect();
                    network.partition(&[nodes[site]], &others);
                }
                Harm::Kill { .. }
                | Harm::Pause { .. }
                | Harm::Slow { .. }
                | Harm::Lose { .. }
                | Harm::Clock { .. } => {}
            }
        }
    })
}

/// A link with all that is done to it: delays add up, and of several losses the greatest counts.
fn link(harms: &[Harm], source: usize, target: usize) -> Link {
    let (mut takes, mut percent) = (DELAY, 0);
    for harm in harms {
        match *harm {
            Harm::Slow { source: from, target: to, by } if (from, to) == (source, target) => takes += by,
            Harm::Lose { source: from, target: to, percent: of } if (from, to) == (source, target) => {
                percent = percent.max(of);
            }
            _ => {}
        }
    }
    let loss = Odds::ppm(percent.min(100) * 10_000).expect("a hundred hundredths are all");
    Link { latency_min: takes, latency_max: takes, loss, ..Link::INSTANT }
}

fn harm_processes(running: &mut Running<'_>, harm: Harm) -> Result<(), TestbedError> {
    let Some(site) = harm.of_processes() else { return Ok(()) };
    let (_, servers) = running.parts();
    for server in servers.iter_mut().filter(|server| server.site == site) {
        match harm {
            Harm::Kill { .. } => drop(server.process.kill()?),
            Harm::Pause { .. } => server.process.signal(Signal::Pause)?,
            Harm::Clock { ahead_ms, .. } => server.process.set_wall(ahead_ms.saturating_mul(1_000_000))?,
            _ => {}
        }
    }
    Ok(())
}

fn heal(running: &mut Running<'_>, harm: Harm) -> Result<(), TestbedError> {
    let Some(site) = harm.of_processes() else { return Ok(()) };
    let (_, servers) = running.parts();
    for server in servers.iter_mut().filter(|server| server.site == site) {
        match harm {
            Harm::Kill { .. } => server.process.restart(Disk::Kept)?,
            Harm::Pause { .. } => server.process.signal(Signal::Resume)?,
            Harm::Clock { .. } => server.process.set_wall(0)?,
            _ => {}
        }
    }
    Ok(())
}
