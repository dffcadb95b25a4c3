//! Records the spans and events of `tracing` that say by their fields that they send, receive, or are worth a mark.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Dispatch, Event, Span, Subscriber, dispatcher};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::header::Header;
use crate::recorder::{Recorder, cut};

/// A layer that records what says so by its fields; everything else is none of its business.
///
/// | field | of a span, when it is made | of an event |
/// | --- | --- | --- |
/// | `constellation.send = "server"` | a message goes out; [`header_of`] gives what must travel with it | it goes out, but its header is lost: use [`send`] |
/// | `constellation.receive = %header` | the message with this header arrived | the same |
/// | `constellation.local = true` | something happened here | the same |
///
/// The label is the event's message, else the name of the span. A span is one event of the trace, at its beginning. Filters of
/// `tracing_subscriber` apply: what the layer is not shown it does not record.
pub struct RecorderLayer {
    recorder: Recorder,
    /// The headers of spans that are open and sent something.
    headers: Mutex<BTreeMap<u64, Header>>,
}

/// How many headers of open spans are held.
const HEADERS_MAX: usize = 1 << 16;

impl RecorderLayer {
    pub(crate) fn new(recorder: Recorder) -> RecorderLayer {
        RecorderLayer { recorder, headers: Mutex::new(BTreeMap::new()) }
    }

    fn headers(&self) -> MutexGuard<'_, BTreeMap<u64, Header>> {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what these fields ask for; the header, if they ask to send.
    fn record(&self, said: &Said, name: &str) -> Option<Header> {
        let label = if said.message.text.is_empty() { name } else { &said.message.text };
        if let Some(header) = &said.receive {
            // What is no header says as little of a cause as none.
            let header = if header.is_whole { header.text.parse().ok() } else { None };
            self.recorder.receive(&header.unwrap_or_default(), label);
        }
        if let Some(to) = &said.send {
            return Some(self.recorder.send(&to.text, label));
        }
        if said.is_local && said.receive.is_none() {
            self.recorder.local(label);
        }
        None
    }
}

impl<S: Subscriber> Layer<S> for RecorderLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        let Some(header) = self.record(&said, attributes.metadata().name()) else { return };
        let mut headers = self.headers();
        if headers.len() < HEADERS_MAX {
            headers.insert(id.into_u64(), header);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        // Whoever asked for the header of an event was told to call `send`.
        let _ = self.record(&said, event.metadata().name());
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.headers().remove(&id.into_u64());
    }
}

/// What must travel with the message that this span sends; [`Header::none`] unless it has the field
/// `constellation.send` and a [`RecorderLayer`] has seen it.
#[must_use]
pub fn header_of(span: &Span) -> Header {
    let header = span.with_subscriber(|(id, dispatch)| {
        let layer = dispatch.downcast_ref::<RecorderLayer>()?;
        layer.headers().get(&id.into_u64()).cloned()
    });
    header.flatten().unwrap_or_default()
}

/// As [`Recorder::send`], through the layer of the current subscriber; [`Header::none`] if it has none.
#[must_use = "without its header the message has no cause where it arrives"]
pub fn send(to: &str, label: &str) -> Header {
    through(|recorder| recorder.send(to, label)).unwrap_or_default()
}

/// As [`Recorder::receive`], through the layer of the current subscriber, if it has one.
pub fn receive(header: &Header, label: &str) {
    through(|recorder| recorder.receive(header, label));
}

/// As [`Recorder::local`], through the layer of the current subscriber, if it has one.
pub fn local(label: &str) {
    through(|recorder| recorder.local(label));
}

fn through<T>(record: impl FnOnce(&Recorder) -> T) -> Option<T> {
    dispatcher::get_default(|dispatch: &Dispatch| {
        dispatch.downcast_ref::<RecorderLayer>().map(|layer| layer.recorder.clone())
    })
    .map(|recorder| record(&recorder))
}

/// What fields say that concerns us.
#[derive(Default)]
struct Said {
    send: Option<Bounded>,
    receive: Option<Bounded>,
    is_local: bool,
    message: Bounded,
}

impl Visit for Said {
    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "constellation.local" {
            self.is_local = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let slot = match field.name() {
            "constellation.send" => self.send.insert(Bounded::default()),
            "constellation.receive" => self.receive.insert(Bounded::default()),
            "message" => &mut self.message,
            _ => return,
        };
        // It ends early where the text is longer than is read.
        slot.is_whole = write!(slot, "{value:?}").is_ok();
    }
}

/// A text no longer than a header may be, whatever is written.
#[derive(Default)]
struct Bounded {
    text: String,
    is_whole: bool,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = cut(text, Header::BYTES_MAX - self.text.len());
        self.text.push_str(kept);
        if kept.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
