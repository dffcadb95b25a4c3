//! What a node must say to leave its process: how its messages and requests stand as bytes.

use constellation_fabric::Node;

/// A node whose messages can go over a wire; all that [`attach`](crate::bus::attach) asks.
///
/// Bytes that come in are foreign: `decode` answers `None` to what is none of its own, bounds what it believes, and never
/// panics.
///
/// ```
/// use constellation_fabric::{Effects, Input, Node, Now};
/// use constellation_live::WireNode;
///
/// struct Successor;
///
/// impl Node for Successor {
///     type Message = u64;
///     type Request = ();
///
///     fn on(&mut self, _now: Now, input: Input<u64, ()>, effects: &mut Effects<u64>) {
///         if let Input::Message { from, message } = input {
///             effects.send(from, message.saturating_add(1));
///         }
///     }
/// }
///
/// impl WireNode for Successor {
///     fn encode(message: &u64) -> Vec<u8> {
///         message.to_le_bytes().to_vec()
///     }
///
///     fn decode(bytes: &[u8]) -> Option<u64> {
///         bytes.try_into().ok().map(u64::from_le_bytes)
///     }
/// }
///
/// assert_eq!(Successor::decode(&Successor::encode(&41)), Some(41));
/// assert_eq!(Successor::decode(b"short"), None);
/// ```
pub trait WireNode: Node {
    /// The bytes of a message.
    fn encode(message: &Self::Message) -> Vec<u8>;

    /// The message that the bytes stand for, all of them; `None` if they are no message.
    fn decode(bytes: &[u8]) -> Option<Self::Message>;
}

/// A node that can run in a process of its own, so that what is asked of it goes over a wire, too.
pub trait RemoteNode: WireNode {
    /// The bytes of a request.
    fn encode_request(request: &Self::Request) -> Vec<u8>;

    /// The request that the bytes stand for, all of them; `None` if they are none.
    fn decode_request(bytes: &[u8]) -> Option<Self::Request>;
}
