//! What becomes of messages: the network decides, the hub carries it out.

use constellation_fabric::{Calm, Delivery, Fate, Impaired, Parcel, Waits};
use constellation_trace::{Loss, MessageId, Nemesis};

use super::seat::Letter;
use super::{Due, Hub};
use crate::error::LiveError;
use crate::launch::Launch;
use crate::protocol::Given;
use crate::wire::RemoteNode;

/// The copies of a message that are still under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copies {
    under_way: u8,
    has_arrived: bool,
}

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    pub(super) fn send(&mut self, parcel: Parcel, payload: Vec<u8>) -> Result<(), LiveError> {
        let (now, is_lucky) = (self.now, self.is_lucky());
        let fate = if is_lucky {
            self.network.send(parcel, now, &mut *self.choices)
        } else {
            self.network.send(parcel, now, &mut Calm)
        };
        match fate {
            Ok(fate) => self.carry(parcel, payload, fate),
            Err(error) => Err(LiveError::Network { node: self.name(parcel.source), error }),
        }
    }

    fn carry(&mut self, parcel: Parcel, payload: Vec<u8>, fate: Fate) -> Result<(), LiveError> {
        let id = parcel.message;
        match fate {
            Fate::Hold => {
                self.held.push_back((id, payload));
                self.note(Nemesis::Hold(id))
            }
            Fate::Lose(why) => self.note(Nemesis::Lose(id, why)),
            Fate::Deliver(delivery) => self.deliver(parcel, payload, delivery),
            Fate::Impair(Impaired { delivery, waits, corrupted }) => {
                if let Some(Waits { until, why }) = waits {
                    self.note(Nemesis::Wait { message: id, until, why })?;
                }
                let Some(how) = corrupted else { return self.deliver(parcel, payload, delivery) };
                let message = N::decode(&payload).and_then(|message| N::corrupted(&message, how));
                let Some(message) = message else { return self.note(Nemesis::Lose(id, Loss::Unreadable)) };
                self.note(Nemesis::Corrupt { message: id, how })?;
                self.deliver(parcel, N::encode(&message), delivery)
            }
            fate => {
                unreachable!("this crate and the network change together, but {fate:?} is not known here")
            }
        }
    }

    fn deliver(&mut self, parcel: Parcel, payload: Vec<u8>, delivery: Delivery) -> Result<(), LiveError> {
        let under_way = if delivery.again_at.is_some() { 2 } else { 1 };
        self.flying.insert(parcel.message, Copies { under_way, has_arrived: false });
        if let Some(again_at) = delivery.again_at {
            self.note(Nemesis::Duplicate(parcel.message))?;
            self.add(again_at, Due::Letter(Letter { parcel, payload: payload.clone() }));
        }
        self.add(delivery.at, Due::Letter(Letter { parcel, payload }));
        Ok(())
    }

    /// A message reaches its address.
    pub(super) fn arrive(&mut self, letter: Letter) -> Result<(), LiveError> {
        let given = Given::Message { from: letter.parcel.source, payload: letter.payload.clone() };
        match self.seat(letter.parcel.target).take(given, Some(letter)) {
            Some(unheard) => self.lose(&unheard),
            None => Ok(()),
        }
    }

    /// A copy of a message was let in.
    pub(super) fn count_in(&mut self, message: MessageId) {
        if let Some(copies) = self.flying.get_mut(&message) {
            copies.under_way = copies.under_way.saturating_sub(1);
            copies.has_arrived = true;
            if copies.under_way == 0 {
                self.flying.remove(&message);
            }
        }
    }

    /// A copy of a message is gone; so is the message, if no other arrived or may.
    pub(super) fn lose(&mut self, letter: &Letter) -> Result<(), LiveError> {
        let id = letter.parcel.message;
        let Some(copies) = self.flying.get_mut(&id) else { return Ok(()) };
        copies.under_way = copies.under_way.saturating_sub(1);
        let Copies { under_way, has_arrived } = *copies;
        if under_way > 0 {
            return Ok(());
        }
        self.flying.remove(&id);
        if has_arrived { Ok(()) } else { self.note(Nemesis::Lose(id, Loss::Plain)) }
    }

    /// All links are whole, and what was held is on its way.
    pub(super) fn heal(&mut self) -> Result<(), LiveError> {
        self.note(Nemesis::Heal)?;
        self.is_cut = false;
        self.network.end_cuts();
        loop {
            let (now, is_lucky) = (self.now, self.is_lucky());
            let released = if is_lucky {
                self.network.release(now, &mut *self.choices)
            } else {
                self.network.release(now, &mut Calm)
            };
            let Some((parcel, fate)) = released else { return Ok(()) };
            let (id, payload) = self.held.pop_front().expect("what the network holds was put here with it");
            assert_eq!(id, parcel.message, "messages are held in the order of the network");
            self.carry(parcel, payload, fate)?;
        }
    }
}
