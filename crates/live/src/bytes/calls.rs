//! What clients ask and are told, as bytes.

use constellation_trace::{Call, Completion};

use super::{Reader, Writer};

impl Writer {
    /// What a client asks.
    pub fn call(&mut self, call: &Call) {
        match call {
            Call::Read { key } => {
                self.byte(0);
                self.text(key);
            }
            Call::Write { key, value } => {
                self.byte(1);
                self.text(key);
                self.text(value);
            }
            Call::CompareAndSet { key, expected, value } => {
                self.byte(2);
                self.text(key);
                self.text(expected);
                self.text(value);
            }
            Call::Add { key, amount } => {
                self.byte(3);
                self.text(key);
                self.i64(*amount);
            }
            Call::Append { key, value } => {
                self.byte(4);
                self.text(key);
                self.text(value);
            }
            Call::Other { name, argument } => {
                self.byte(5);
                self.text(name);
                self.text(argument);
            }
            call => unreachable!("this crate and the calls change together, but {call:?} is not known here"),
        }
    }
}

impl Reader<'_> {
    /// What a client asks.
    pub fn call(&mut self) -> Option<Call> {
        let (kind, first) = (self.byte()?, self.text()?);
        Some(match kind {
            0 => Call::Read { key: first },
            1 => Call::Write { key: first, value: self.text()? },
            2 => Call::CompareAndSet { key: first, expected: self.text()?, value: self.text()? },
            3 => Call::Add { key: first, amount: self.i64()? },
            4 => Call::Append { key: first, value: self.text()? },
            5 => Call::Other { name: first, argument: self.text()? },
            _ => return None,
        })
    }
}

impl Writer {
    /// How an operation ended.
    pub fn completion(&mut self, completion: &Completion) {
        match completion {
            Completion::Done => self.byte(0),
            Completion::Shows(values) => {
                self.byte(1);
                self.texts(values);
            }
            Completion::Failed { reason } => {
                self.byte(2);
                self.text(reason);
            }
            Completion::Unknown { reason } => {
                self.byte(3);
                self.text(reason);
            }
            other => {
                unreachable!(
                    "this crate and the completions change together, but {other:?} is not known here"
                )
            }
        }
    }
}

impl Reader<'_> {
    /// How an operation ended.
    pub fn completion(&mut self) -> Option<Completion> {
        Some(match self.byte()? {
            0 => Completion::Done,
            1 => Completion::Shows(self.texts()?),
            2 => Completion::Failed { reason: self.text()? },
            3 => Completion::Unknown { reason: self.text()? },
            _ => return None,
        })
    }
}
