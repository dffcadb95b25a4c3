//! Every station accepts every write: the stations of the other scenarios, each behind a desk.

use std::sync::Arc;
use std::time::Duration;

use constellation_trace::NodeId;

use super::STATIONS;
use crate::desk::Desk;
use crate::resolver::Resolver;
use crate::station::{DiskSync, Rules, Station};

/// How often a station offers all it holds to the next one.
pub(super) const ANTI_ENTROPY: Duration = Duration::from_secs(10);

/// Makes the stations of a run.
pub(super) fn stations(
    resolver: Resolver,
    anti_entropy: Option<Duration>,
) -> impl Fn(NodeId) -> Desk<Station> + Sync {
    let nodes = STATIONS.iter().map(|name| (*name).to_owned()).collect();
    let rules = Arc::new(Rules { nodes, resolver, anti_entropy, sync: DiskSync::Always });
    move |me| Desk::new(Station::new(Arc::clone(&rules), me), |station, key| Some(station.values(key)))
}
