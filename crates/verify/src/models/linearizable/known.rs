//! Which objects have a quicker answer than a search, and what such an answer is.

use constellation_trace::Limit;

use super::{queue, set, texts};
use crate::models::finding::Anomaly;
use crate::models::items::Source;
use crate::models::objects::{QueueOperation, SetOperation, TextOperation};
use crate::models::patience::Patience;
use crate::models::search::Item;

/// What is known of the operations of one object without a search.
pub(super) enum Known {
    /// There is an order.
    Holds,
    /// There is none even of these, given by place, whoever else there is; they rise.
    Wrong(Vec<u32>),
    /// There is none, and this is why.
    Found(Anomaly),
    /// Only a search can tell.
    Nothing,
}

/// A judge of one object that does not search.
pub(super) type Quick<O> = fn(&[Item<O>], Source<'_>, &mut Patience<'_>) -> Result<Known, Limit>;

/// None: all is searched.
pub(super) fn never<O>(_: &[Item<O>], _: Source<'_>, _: &mut Patience<'_>) -> Result<Known, Limit> {
    Ok(Known::Nothing)
}

/// That of queues.
pub(super) const QUEUE: Quick<QueueOperation> = queue::judge;
/// That of sets.
pub(super) const SET: Quick<SetOperation> = set::judge;
/// That of texts.
pub(super) const TEXT: Quick<TextOperation> = texts::judge;
