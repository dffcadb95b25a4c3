//! What a site knows of who is in the chain, and whether that is enough to go on or to make another.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Elapsed, NodeId};

use super::master::PATIENCE;
use super::message::{Epoch, Sealed, State};
use crate::placement::simulated::Sites;

/// What a site knows of who is in the chain.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    sites: Sites,
    /// The chain that it is or was in, in the order of the sites from head to tail.
    pub(super) epoch: Epoch,
    pub(super) members: Vec<NodeId>,
    /// No earlier chain than this has its word any more.
    pub(super) sealed: Epoch,
    pub(super) sealed_at: Elapsed,
    /// The greatest count of an epoch that it has heard of.
    pub(super) counted: u64,
    /// When each other site was heard of; and when this one sent what the other answered with a promise in this epoch.
    pub(super) heard: BTreeMap<NodeId, Elapsed>,
    pub(super) promised: BTreeMap<NodeId, Elapsed>,
    /// What its chain began with: the next site may not have heard of it.
    pub(super) begun: Option<State>,
    /// Of the chain that it would make itself: who is sealed, and since when that is known.
    pub(super) sealing: BTreeMap<NodeId, (Elapsed, Sealed)>,
}

impl Membership {
    pub(super) fn new(sites: Sites) -> Membership {
        let (first, start) = ((0, NodeId::new(0)), Elapsed::from_ns(0));
        Membership {
            sites,
            epoch: first,
            members: sites.all().collect(),
            sealed: first,
            sealed_at: start,
            counted: 0,
            heard: sites.others().map(|other| (other, start)).collect(),
            promised: BTreeMap::new(),
            begun: None,
            sealing: BTreeMap::new(),
        }
    }

    pub(super) fn head(&self) -> NodeId {
        self.members[0]
    }

    pub(super) fn tail(&self) -> NodeId {
        self.members[self.members.len() - 1]
    }

    pub(super) fn next(&self) -> Option<NodeId> {
        self.members.iter().copied().find(|site| *site > self.sites.me)
    }

    pub(super) fn before(&self) -> Option<NodeId> {
        self.members.iter().copied().rfind(|site| *site < self.sites.me)
    }

    /// Whether this site takes part in that chain.
    pub(super) fn is_in(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && epoch == self.sealed
    }

    /// Whether it takes part in one, and a majority has promised not to go on without it.
    pub(super) fn is_current(&self, now: Elapsed) -> bool {
        let lasting = self.promised.values().filter(|since| now.since(**since) < PATIENCE).count();
        self.is_in(self.epoch) && self.is_majority(lasting + 1)
    }

    /// The sites that are there, this one included.
    fn near(&self, now: Elapsed) -> BTreeSet<NodeId> {
        let heard = self.heard.iter().filter(|(_, since)| now.since(**since) <= PATIENCE);
        heard.map(|(site, _)| *site).chain([self.sites.me]).collect()
    }

    fn is_majority(&self, count: usize) -> bool {
        count >= self.sites.majority() as usize
    }

    /// Whether this site is to make another chain.
    pub(super) fn is_to_seal(&self, now: Elapsed) -> bool {
        let near = self.near(now);
        // Others may have gone on without it, and the word to leave its chain may be lost.
        let is_past = self.counted > self.epoch.0;
        let is_other = !near.iter().eq(&self.members) || !self.is_in(self.epoch) || is_past;
        let is_first = near.first() == Some(&self.sites.me);
        is_other && is_first && self.is_majority(near.len()) && now.since(self.sealed_at) > PATIENCE
    }

    /// Whether the next chain may begin: a majority is sealed, and all that are there are or were given time, and no promise
    /// holds to a site that is not among them. Without the first, one that hears of nobody would go on alone.
    pub(super) fn is_sealed(&self, now: Elapsed) -> bool {
        let is_all = self.near(now).iter().eq(self.sealing.keys()) || now.since(self.sealed_at) > PATIENCE;
        let mut promises = self.sealing.values().flat_map(|(at, Sealed { promised, .. })| {
            promised.iter().map(move |(to, lasts)| (to, now.since(*at) <= *lasts))
        });
        is_all
            && self.is_majority(self.sealing.len())
            && !promises.any(|(to, holds)| holds && !self.sealing.contains_key(to))
    }
}
