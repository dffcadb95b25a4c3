//! What happened where, by its label: how most promises look at a trace.

use constellation_trace::{EventId, NodeId, Trace, TrueTime};

/// An event that its node gave a label, with [`Effects::event`](constellation_fabric::Effects::event) or
/// [`Effects::label`](constellation_fabric::Effects::label).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Labelled<'t> {
    /// Which event.
    pub event: EventId,
    /// At which node.
    pub node: NodeId,
    /// What that node is called.
    pub name: &'t str,
    /// When it truly was, which the node could not know.
    pub at: TrueTime,
    /// Its label.
    pub label: &'t str,
}

/// The events of a trace that have a label, in the order of recording. O(events).
///
/// In the simulator that is the order in which they happened. Where only causes may count, put the events to
/// [`Order`](constellation_verify::Order).
///
/// ```
/// use constellation_lab::labelled;
/// use constellation_trace::sketch;
///
/// let trace = sketch::parse("pacific  holds:1 m!\natlantic m? holds:2").unwrap();
/// let holds = |name| labelled(&trace).filter(|doing| doing.name == name && doing.label.starts_with("holds")).count();
/// assert_eq!((holds("pacific"), holds("atlantic"), holds("indian")), (1, 1, 0));
/// ```
pub fn labelled(trace: &Trace) -> impl Iterator<Item = Labelled<'_>> {
    trace.event_ids().filter(|event| !trace.label(*event).is_empty()).map(|event| {
        let node = trace.node_of(event);
        let (name, at, label) = (trace.node_name(node), trace.event(event).at, trace.label(event));
        Labelled { event, node, name, at, label }
    })
}
