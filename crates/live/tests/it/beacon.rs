//! A small protocol with everything that a driver must do: requests, messages, timers, and a disk.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_live::frame::FRAME_BYTES_MAX;
use constellation_live::{RemoteNode, WireNode};
use constellation_trace::NodeId;

/// Counts what it is asked to add, tells the others how far it is, and once more when its timer runs out.
///
/// It counts only forward: whoever hears of a number below its own refuses it.
#[derive(Debug)]
pub(crate) struct Beacon {
    pub(crate) peers: Vec<NodeId>,
    pub(crate) count: u64,
    repeats: u32,
}

/// What can be asked of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ask {
    /// To add so much.
    Add(u8),
    /// To say how far it is.
    Show,
    /// To add one, write that down and tell it, and the same again, in one go.
    Twice,
    /// To tell more of a step than fits into a report.
    Shout,
    /// To end its process, as a bug would.
    Die,
}

const AGAIN: Timer = Timer(7);

impl Beacon {
    /// A restarted beacon does not believe that it has come so far, and goes on from what it had written before.
    pub(crate) const DOUBTED: u64 = 100;

    /// Repeats what it tells so many times, ten milliseconds apart.
    pub(crate) fn new(peers: impl IntoIterator<Item = u32>, repeats: u32) -> Beacon {
        Beacon { peers: peers.into_iter().map(NodeId::new).collect(), count: 0, repeats }
    }

    fn tell(&mut self, effects: &mut Effects<u64>) {
        for peer in &self.peers {
            effects.send(*peer, self.count);
        }
    }

    fn restart(&mut self, state: Option<Vec<u8>>, effects: &mut Effects<u64>) {
        let state = state.as_deref().map(|state| state.try_into().map(u64::from_le_bytes));
        match state {
            Some(Ok(count)) if count >= Beacon::DOUBTED => effects.fall_back(),
            Some(Ok(count)) => self.count = count,
            Some(Err(_)) => effects.refuse(),
            None => {}
        }
        effects.event(format!("remembers {}", self.count));
    }
}

impl Node for Beacon {
    type Message = u64;
    type Request = Ask;

    fn on(&mut self, _now: Now, input: Input<u64, Ask>, effects: &mut Effects<u64>) {
        match input {
            Input::Start => effects.event("online"),
            Input::Restart { state, .. } => self.restart(state, effects),
            Input::Request(Ask::Add(amount)) => {
                self.count += u64::from(amount);
                effects.event(format!("adds {amount}"));
                effects.persist(self.count.to_le_bytes().to_vec());
                effects.label(format!("tells {}", self.count));
                self.tell(effects);
                effects.set_timer(AGAIN, Duration::from_millis(10));
            }
            Input::Request(Ask::Twice) => {
                for what in ["adds one", "adds another"] {
                    self.count += 1;
                    effects.event(what);
                    effects.persist(self.count.to_le_bytes().to_vec());
                    effects.label(format!("tells {}", self.count));
                    self.tell(effects);
                }
            }
            Input::Request(Ask::Shout) => effects.event("o".repeat(FRAME_BYTES_MAX)),
            Input::Request(Ask::Show) => effects.event(format!("is at {}", self.count)),
            Input::Request(Ask::Die) => panic!("it was asked to"),
            Input::Timer(_) => {
                if let Some(repeats) = self.repeats.checked_sub(1) {
                    self.repeats = repeats;
                    effects.event("tells again");
                    self.tell(effects);
                    effects.set_timer(AGAIN, Duration::from_millis(10));
                }
            }
            Input::Message { message, .. } if message < self.count => {
                effects.refuse();
                effects.event(format!("refuses {message}"));
            }
            Input::Message { message, .. } => {
                effects.label(format!("hears {message}"));
                if message > self.count {
                    self.count = message;
                    effects.persist(message.to_le_bytes().to_vec());
                }
            }
            Input::Leave => effects.event("leaves"),
            _ => {}
        }
    }

    fn corrupted(message: &u64, how: u32) -> Option<u64> {
        Some(message ^ 1 << (how % 64))
    }
}

impl WireNode for Beacon {
    fn encode(message: &u64) -> Vec<u8> {
        message.to_le_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<u64> {
        bytes.try_into().ok().map(u64::from_le_bytes)
    }
}

impl RemoteNode for Beacon {
    fn encode_request(request: &Ask) -> Vec<u8> {
        match request {
            Ask::Show => vec![0],
            Ask::Add(amount) => vec![1, *amount],
            Ask::Die => vec![2],
            Ask::Twice => vec![3],
            Ask::Shout => vec![4],
        }
    }

    fn decode_request(bytes: &[u8]) -> Option<Ask> {
        match bytes {
            [0] => Some(Ask::Show),
            [1, amount] => Some(Ask::Add(*amount)),
            [2] => Some(Ask::Die),
            [3] => Some(Ask::Twice),
            [4] => Some(Ask::Shout),
            _ => None,
        }
    }
}
