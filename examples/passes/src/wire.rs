//! How messages stand as bytes, once the nodes leave the simulator.

use constellation_live::WireNode;

use crate::{Message, Party};

impl WireNode for Party {
    fn encode(message: &Message) -> Vec<u8> {
        let words = match *message {
            Message::Book { number } => [0, number, 0],
            Message::Booked { number, window } => [1, number, window],
            Message::Cancel { number, window } => [2, number, window],
            Message::Cancelled { number } => [3, number, 0],
        };
        words.map(u32::to_le_bytes).concat()
    }

    fn decode(bytes: &[u8]) -> Option<Message> {
        let (words, []) = bytes.as_chunks() else { return None };
        match *words {
            [kind, number, window] => match [kind, number, window].map(u32::from_le_bytes) {
                [0, number, 0] => Some(Message::Book { number }),
                [1, number, window] => Some(Message::Booked { number, window }),
                [2, number, window] => Some(Message::Cancel { number, window }),
                [3, number, 0] => Some(Message::Cancelled { number }),
                _ => None,
            },
            _ => None,
        }
    }
}
