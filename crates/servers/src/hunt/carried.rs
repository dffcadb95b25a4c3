//! How harm is done to what runs on a testbed, and undone.

use constellation_fabric::{Link, NodeId, Odds};
use constellation_testbed::{Process, Signal, Site, TestbedError};

use super::schedule::Harm;
use super::trial::{DELAY, Suffers};
use crate::drive::Stand as _;
use crate::stand::Running;

impl Suffers for Running<'_> {
    fn suffer(&mut self, before: &[Harm], now: &[Harm]) -> Result<(), String> {
        let in_words = |error: TestbedError| error.to_string();
        set_network(self, now).map_err(in_words)?;
        for harm in before.iter().filter(|harm| !now.contains(harm)) {
            heal(self, *harm)?;
        }
        for harm in now.iter().filter(|harm| !before.contains(harm)) {
            harm_processes(self, *harm)?;
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

fn harm_processes(running: &mut Running<'_>, harm: Harm) -> Result<(), String> {
    match harm {
        Harm::Kill { site } => running.kill(site),
        Harm::Pause { site } => each(running, site, |process| process.signal(Signal::Pause)),
        Harm::Clock { site, ahead_ms } => {
            each(running, site, |process| process.set_wall(ahead_ms.saturating_mul(1_000_000)))
        }
        Harm::Cut { .. } | Harm::Isolate { .. } | Harm::Slow { .. } | Harm::Lose { .. } => Ok(()),
    }
}

fn heal(running: &mut Running<'_>, harm: Harm) -> Result<(), String> {
    match harm {
        Harm::Kill { site } => running.restart(site),
        Harm::Pause { site } => each(running, site, |process| process.signal(Signal::Resume)),
        Harm::Clock { site, .. } => each(running, site, |process| process.set_wall(0)),
        Harm::Cut { .. } | Harm::Isolate { .. } | Harm::Slow { .. } | Harm::Lose { .. } => Ok(()),
    }
}

/// Does something to each process of the servers of a site.
fn each(
    running: &mut Running<'_>,
    site: usize,
    deed: impl Fn(&mut Process) -> Result<(), TestbedError>,
) -> Result<(), String> {
    let (_, servers) = running.parts();
    let mut of_site = servers.iter_mut().filter(|server| server.site == site);
    of_site.try_for_each(|server| deed(&mut server.process)).map_err(|error| error.to_string())
}
