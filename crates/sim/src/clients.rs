//! Clients that ask, wait, ask again and give up: how a service looks from outside, where a lost request, a lost
//! reply and a slow server are one symptom.
//!
//! A [`Client`] is a node like any other, with links of its own that lose, delay and duplicate. Nobody tells it what
//! became of its request, so what it records is a [`History`](constellation_trace::History): the beginning of each
//! operation and its end, if it learns of one.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use constellation_fabric::{Effects, Input, Node, Now};
//! use constellation_sim::clients::{Client, Pace, Party, RequestId, Retry, Service, Workload};
//! use constellation_sim::{Seeded, Setup, World};
//! use constellation_trace::{Call, Completion, History, NodeId, TrueTime};
//!
//! /// One number, to which clients add.
//! struct Counter(i64);
//!
//! #[derive(Clone)]
//! enum Message {
//!     Ask(RequestId, Call),
//!     Answer(RequestId, Completion),
//! }
//!
//! impl Node for Counter {
//!     type Message = Message;
//!     type Request = ();
//!
//!     fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
//!         let Input::Message { from, message: Message::Ask(id, call) } = input else { return };
//!         let completion = match call {
//!             Call::Add { amount, .. } => {
//!                 self.0 = self.0.saturating_add(amount);
//!                 Completion::Done
//!             }
//!             Call::Read { .. } => Completion::Shows(vec![self.0.to_string()]),
//!             _ => Completion::Failed { reason: "it only counts".to_owned() },
//!         };
//!         effects.send(from, Message::Answer(id, completion));
//!     }
//! }
//!
//! impl Service for Counter {
//!     fn request(id: RequestId, call: &Call) -> Message {
//!         Message::Ask(id, call.clone())
//!     }
//!
//!     fn reply(message: &Message) -> Option<(RequestId, &Completion)> {
//!         match message {
//!             Message::Answer(id, completion) => Some((*id, completion)),
//!             Message::Ask(..) => None,
//!         }
//!     }
//! }
//!
//! let key = || "fuel".to_owned();
//! let calls = vec![Call::Add { key: key(), amount: 3 }, Call::Read { key: key() }];
//! let pace = Pace::Closed { think: Duration::from_millis(10) };
//! let workload = Arc::new(Workload::new([NodeId::new(0)], pace, Retry::NEVER, calls));
//! let setup = Setup::new(["counter", "ground"], TrueTime::from_ns(1_000_000_000));
//! let world = World::new(setup, Seeded::new(1), |node| match node.number() {
//!     0 => Party::Server(Counter(0)),
//!     _ => Party::Client(Client::new(node, Arc::clone(&workload))),
//! })?;
//! let history = History::of(&world.run()?.trace);
//! let (_, shown) = history.operations()[1].completed.as_ref().expect("no link loses anything");
//! assert_eq!(*shown, Completion::Shows(vec!["3".to_owned()]));
//! # Ok::<(), constellation_sim::WorldError>(())
//! ```

mod client;
mod refusals;
mod workload;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Call, Completion, NodeId};

pub use client::Client;
pub use workload::{Identity, Pace, Retry, Workload};

/// The name that a client gives to a request, so that the reply finds its operation.
///
/// A server that remembers which names it has answered does nothing twice, as long as retries keep their name
/// ([`Identity::Kept`]). No two operations of a run have one name.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId {
    /// Whose it is.
    pub client: NodeId,
    /// Which operation of that client, from 0.
    pub operation: u32,
    /// Which try of that operation; always 0 where retries keep their name.
    pub attempt: u32,
}

/// A protocol that clients can ask something of: its messages can also carry a request and the reply to one.
pub trait Service: Node {
    /// What a refusal says of the other requests by its name.
    const MEMORY: Memory = Memory::None;

    /// The message by which a client asks.
    fn request(id: RequestId, call: &Call) -> Self::Message;

    /// What a message tells a client, if it is the reply to a request.
    ///
    /// [`Completion::Failed`] is a promise: what was asked by this message had no effect and never will, nor will a copy
    /// of it that a link made. A server that forgets whom it answered cannot promise that where links duplicate, unless it
    /// refuses for good; one that says so all the same is at fault, and the history shows it.
    fn reply(message: &Self::Message) -> Option<(RequestId, &Completion)>;
}

/// Whether a server knows for ever which requests it has answered, and answers another one by the same name as it did
/// the first.
///
/// It matters where a retry keeps its name and is refused: the try before it may have taken effect, and its reply been
/// lost. A compare-and-set that succeeded is refused when it comes again.
///
/// No memory reaches another server. A follower that refuses does not know what became of the request that the leader
/// got, so that an operation about which several servers were asked has failed once each of them refused it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Memory {
    /// It does not, or not after a crash: what it says of a request it says of that message alone. A client that asks it
    /// twice by one name never learns that both failed, since it cannot tell which reply belongs to which.
    None,
    /// It does, also after a crash: its refusal of one is that of all that have this name.
    Lasting,
}

/// Who takes part in a run: the servers of one protocol, and their clients.
#[derive(Clone, Debug)]
pub enum Party<S> {
    /// A node of the protocol.
    Server(S),
    /// Somebody who asks something of it.
    Client(Client),
}

impl<S> Party<S> {
    /// The node of the protocol, if it is one.
    pub const fn server(&self) -> Option<&S> {
        match self {
            Party::Server(server) => Some(server),
            Party::Client(_) => None,
        }
    }
}

impl<S: Service> Node for Party<S> {
    type Message = S::Message;
    type Request = S::Request;

    fn on(&mut self, now: Now, input: Input<S::Message, S::Request>, effects: &mut Effects<S::Message>) {
        match self {
            Party::Server(server) => server.on(now, input, effects),
            Party::Client(client) => client.on::<S>(now, &input, effects),
        }
    }

    fn wire_bytes(message: &S::Message) -> u32 {
        S::wire_bytes(message)
    }

    fn corrupted(message: &S::Message, how: u32) -> Option<S::Message> {
        S::corrupted(message, how)
    }
}
