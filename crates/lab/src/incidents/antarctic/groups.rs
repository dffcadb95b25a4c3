//! Which stations can hear each other while the relays are down.

use std::fmt;

use constellation_trace::NodeId;

use super::STATIONS;

/// Which stations can hear each other while the relays are down: so many of [`STATIONS`] in each group, in their order.
///
/// ```
/// use constellation_lab::incidents::antarctic::Groups;
///
/// let groups = Groups::parse("4,2,1")?;
/// assert_eq!(groups.to_string(), "pacific, atlantic, indian_ocean, arctic | tasman, drake | antarctic");
/// assert_eq!(groups.largest(), 4);
/// # Ok::<(), constellation_lab::incidents::antarctic::GroupsError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Groups(Vec<usize>);

/// Why something says no groups.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GroupsError {
    /// A size is no whole number from 1 on.
    Size {
        /// What stands there.
        found: String,
    },
    /// The sizes do not add up to the number of stations.
    Sum {
        /// To what they add up.
        found: usize,
    },
}

impl fmt::Display for GroupsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupsError::Size { found } => {
                write!(
                    f,
                    "`{found}` is no size of a group, which is a whole number from 1 to {}",
                    STATIONS.len()
                )
            }
            GroupsError::Sum { found } => {
                write!(f, "the groups have {found} stations together, but there are {}", STATIONS.len())
            }
        }
    }
}

impl std::error::Error for GroupsError {}

impl Groups {
    /// The sizes as they are typed: `4,2,1`.
    ///
    /// # Errors
    /// [`GroupsError`] for what is no size, and for sizes that do not add up to the number of stations.
    pub fn parse(text: &str) -> Result<Groups, GroupsError> {
        let mut sizes = Vec::new();
        for size in text.split(',').map(str::trim) {
            let parsed = size.parse().ok().filter(|size| (1..=STATIONS.len()).contains(size));
            sizes.push(parsed.ok_or_else(|| GroupsError::Size { found: size.to_owned() })?);
        }
        match sizes.iter().sum() {
            sum if sum == STATIONS.len() => Ok(Groups(sizes)),
            found => Err(GroupsError::Sum { found }),
        }
    }

    /// The sizes, in the order of the stations.
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }

    /// How many stations the largest group has.
    pub fn largest(&self) -> usize {
        self.0.iter().copied().max().unwrap_or(0)
    }

    /// How the sizes are typed.
    pub fn typed(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Which group a station is in, counted from 0.
    pub(super) fn of(&self, station: NodeId) -> usize {
        let mut end = 0;
        for (group, size) in self.0.iter().enumerate() {
            end += size;
            if station.index() < end {
                return group;
            }
        }
        self.0.len()
    }

    /// The stations of each group.
    pub(super) fn members(&self) -> Vec<Vec<NodeId>> {
        let of_group = |group| stations().filter(|station| self.of(*station) == group).collect();
        (0..self.0.len()).map(of_group).collect()
    }
}

/// The ids of all stations.
pub(super) fn stations() -> impl Iterator<Item = NodeId> {
    (0..).map(NodeId::new).take(STATIONS.len())
}

/// The four stations around the oceans, the two towards the ice, and the one on it.
impl Default for Groups {
    fn default() -> Groups {
        Groups(vec![4, 2, 1])
    }
}

impl fmt::Display for Groups {
    /// By name: `pacific, atlantic | …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |members: Vec<NodeId>| {
            members.iter().map(|station| STATIONS[station.index()]).collect::<Vec<_>>().join(", ")
        };
        f.write_str(&self.members().into_iter().map(named).collect::<Vec<_>>().join(" | "))
    }
}
