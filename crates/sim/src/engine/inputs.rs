//! How a node is given an input, and how what it wants done is carried out.

use std::mem;

use constellation_fabric::{Choices, Input, Node, Parcel, Step, StepAct, TimerSet};
use constellation_trace::{Claim, ClaimKind, MessageId, NodeId};

use super::faulty::Incoming;
use super::lives::Read;
use super::messages::Taken;
use super::{Engine, Occurrence, Outside};
use crate::agenda::Place;
use crate::error::WorldError;

impl<N: Node> Engine<N> {
    /// Gives a living node an input that is no message, now or when it can be worked on.
    #[inline(never)]
    pub(super) fn hand<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        input: Input<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        if self.hosts[node.index()].faulty.is_some() {
            return self.meet(outside, node, Incoming { input, letter: None });
        }
        self.give(outside, node, input, None).map(|_| ())
    }

    /// Gives a living node an input and carries out what follows, all of it now.
    ///
    /// In line where a message arrives, so that the input is made where the node reads it.
    #[inline(always)]
    pub(super) fn give<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<MessageId>,
    ) -> Result<Taken, WorldError> {
        let taken = self.put(outside, node, input, received)?;
        self.carry_out_all(outside, node, received)?;
        Ok(taken)
    }

    /// Gives a living node an input; what follows stays in the effects.
    #[inline(always)]
    pub(super) fn put<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<MessageId>,
    ) -> Result<Taken, WorldError> {
        let host = &mut self.hosts[node.index()];
        let life = host.life.as_mut().expect("callers ask only living nodes");
        let effects = &mut outside.effects;
        match received {
            Some(_) => effects.renew_receiving(),
            None => effects.renew(),
        }
        let is_restart = matches!(input, Input::Restart { .. });
        life.node.on(host.clocks.now(self.now, life.began), input, effects);
        if is_restart {
            let read = match (effects.has_refused(), effects.has_fallen_back()) {
                (true, _) => Read::Nothing,
                (false, true) => Read::Before,
                (false, false) => Read::State,
            };
            self.record_restart(node, read)?;
        }

        let receives = |step: &Step<_>| matches!(step.act, StepAct::Receive);
        let taken = if effects.steps().first().is_some_and(receives) { Taken::In } else { Taken::Refused };
        let is_amiss =
            (taken == Taken::In && received.is_none()) || effects.steps().iter().skip(1).any(receives);
        if is_amiss {
            return Err(WorldError::Receive { node, at: self.now });
        }
        Ok(taken)
    }

    /// Carries out what a node wants done, all of it now.
    #[inline(always)]
    pub(super) fn carry_out_all<C: Choices, F>(
        &mut self,
        outside: &mut Outside<C, F, N::Message, N::Request>,
        node: NodeId,
        received: Option<MessageId>,
    ) -> Result<(), WorldError> {
        let Outside { choices, effects, .. } = outside;
        for step in effects.steps_mut() {
            self.carry_out(choices, node, step, received)?;
        }
        for timer in effects.timers() {
            self.set_timer(node, *timer);
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn carry_out<C: Choices>(
        &mut self,
        choices: &mut C,
        node: NodeId,
        step: &mut Step<N::Message>,
        received: Option<MessageId>,
    ) -> Result<(), WorldError> {
        let at = self.now;
        if self.adds_wall_claims {
            self.add_wall_claim(node, &mut step.claims);
        }
        let (event, first) = self
            .record
            .step(node, at, step, received)
            .map_err(|error| WorldError::Node { node, at, error })?;
        match &mut step.act {
            StepAct::Persist(state) => self.hosts[node.index()].disk.persist(event, mem::take(state)),
            StepAct::Store(state) => self.hosts[node.index()].disk.store(event, mem::take(state)),
            StepAct::Sync => self.hosts[node.index()].disk.sync(),
            _ => {}
        }
        // From the back, since taking the last leaves the memory where it is and nothing to move; most steps send once.
        step.sends.reverse();
        let mut number = first;
        while let Some((target, message)) = step.sends.pop() {
            let bytes = if self.weighs { N::wire_bytes(&message) } else { 0 };
            let parcel = Parcel { message: MessageId::new(number), source: node, target, bytes };
            self.send(choices, parcel, message)?;
            // Cannot wrap: the record numbered them with 32 bits.
            number += 1;
        }
        Ok(())
    }

    pub(super) fn set_timer(&mut self, node: NodeId, set: TimerSet) {
        let host = &mut self.hosts[node.index()];
        if let Some(faulty) = &mut host.faulty {
            faulty.forget_timer(set.timer);
        }
        let life = host.life.as_ref().expect("a node lives while its effects are carried out");
        let out = host.clocks.runs_out(self.now, life.began, set.after);
        let what = Occurrence::Timer { node, timer: set.timer };
        let ticket = self.agenda.add(out, Place::node(node), what);
        if host.timers.back().is_none_or(|last| last.0 < set.timer) {
            return host.timers.push_back((set.timer, ticket));
        }
        match host.timers.binary_search_by_key(&set.timer, |set| set.0) {
            Ok(place) => self.agenda.cancel(mem::replace(&mut host.timers[place].1, ticket)),
            Err(place) => host.timers.insert(place, (set.timer, ticket)),
        }
    }

    pub(super) fn add_wall_claim(&self, node: NodeId, claims: &mut Vec<Claim>) {
        if !claims.iter().any(|claim| claim.kind() == ClaimKind::Wall) {
            // A wall clock does not care when its process began.
            let now = self.hosts[node.index()].clocks.now(self.now, self.now);
            claims.push(Claim::Wall(now.wall));
        }
    }
}
