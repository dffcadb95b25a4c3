//! Which address a site has.

use std::net::Ipv4Addr;

/// How many bits of an address are the same for all sites.
pub(crate) const PREFIX: u8 = 16;

/// The address of a site in its own namespace: `10.77.N.1`, where the first site is 1. The same in every testbed, as
/// namespaces do not see each other.
pub(crate) const fn of_site(site: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, site.saturating_add(1), 1)
}

/// The site that has an address, the inverse of [`of_site`].
pub(crate) const fn site_of(address: [u8; 4]) -> Option<u8> {
    match address {
        [10, 77, number, 1] => number.checked_sub(1),
        _ => None,
    }
}
