//! Which start of the kernel and which network it is, and how to get to another one.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use echo_reactor::udp::network::cookie;
use rustix::io::Errno;

use super::entry::Network;
use crate::host::{Figure, read, unreadable};

/// Which start of the kernel this is.
pub(super) fn boot() -> Figure<String> {
    read("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned())
}

/// Which network this process is in.
pub(super) fn network() -> Figure<Network> {
    let path = Path::new("/proc/self/ns/net");
    let found = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let cookie = match cookie() {
        Ok(cookie) => Some(cookie),
        // Before Linux 5.14.
        Err(error) if error.raw_os_error() == Some(Errno::NOPROTOOPT.raw_os_error()) => None,
        Err(error) => {
            return Err(format!(
                "which network namespace this is cannot be told: {error}"
            ));
        }
    };
    Ok(Network {
        inode: found.ino(),
        cookie,
    })
}

/// What stands before a command so that it runs in a network; `None` if there is no such network any
/// more.
///
/// # Errors
/// If that cannot be told, since a process may not be looked at.
pub(super) fn way_to(inode: u64) -> Figure<Option<String>> {
    way_among(Path::new("/run/netns"), Path::new("/proc"), inode)
}

fn way_among(names: &Path, proc: &Path, network: u64) -> Figure<Option<String>> {
    if let Some(name) = named(names, network) {
        return Ok(Some(format!("ip netns exec {name}")));
    }
    let mark = format!("net:[{network}]");
    let mut hidden = None;
    for pid in processes(proc)? {
        let process = proc.join(pid.to_string());
        match fs::metadata(process.join("ns/net")) {
            Ok(found) if found.ino() == network => {
                return Ok(Some(format!("nsenter --target {pid} --mount --net")));
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => hidden = Some(pid),
            _ => {}
        }
        // Without a process in it, a network stays where it is mounted.
        let mounts = fs::read_to_string(process.join("mountinfo")).unwrap_or_default();
        if let Some(place) = mounts.lines().find_map(|line| mounted(line, &mark)) {
            let way = format!("nsenter --target {pid} --mount nsenter --net={place}");
            return Ok(Some(way));
        }
    }
    match hidden {
        None => Ok(None),
        Some(pid) => Err(format!(
            "whether it still exists cannot be told here, since process {pid} may not be looked at: that \
             takes root, outside of any container"
        )),
    }
}

/// The name that `ip netns` has for it.
fn named(directory: &Path, network: u64) -> Option<String> {
    let entries = fs::read_dir(directory).ok()?;
    let mut names = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let found = fs::metadata(entry.path()).ok()?;
        (found.ino() == network && found.len() == 0)
            .then(|| entry.file_name().to_string_lossy().into_owned())
    });
    names.next()
}

/// `66 65 0:4 net:[4026532177] /run/netns/lab rw - nsfs nsfs rw`.
fn mounted(line: &str, mark: &str) -> Option<String> {
    let mut fields = line.split(' ').skip(3);
    let is_it = fields.next()? == mark;
    let place = fields.next()?;
    is_it.then(|| place.to_owned())
}

fn processes(path: &Path) -> Figure<Vec<u32>> {
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut numbers: Vec<u32> = names
        .filter_map(|name| name.to_string_lossy().parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_of_this_process_is_found() {
        let way = way_to(network().unwrap().inode).unwrap().unwrap();
        assert!(
            way.starts_with("nsenter") || way.starts_with("ip netns"),
            "{way}"
        );
    }

    #[test]
    fn a_network_is_found_by_its_name_its_processes_or_its_mounts() {
        let unique = format!("loadgen-place-{}", std::process::id());
        let root = std::env::temp_dir().join(unique);
        let (names, proc) = (root.join("netns"), root.join("proc"));
        fs::create_dir_all(&names).unwrap();
        fs::create_dir_all(proc.join("7/ns")).unwrap();
        fs::write(names.join("lab"), "").unwrap();
        fs::write(proc.join("7/ns/net"), "").unwrap();
        let mount = "66 65 0:4 net:[5] /run/docker/x rw master:2 - nsfs nsfs rw\n";
        fs::write(proc.join("7/mountinfo"), mount).unwrap();
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        let (first, second) = (inode(&names.join("lab")), inode(&proc.join("7/ns/net")));
        let ways = [first, second, 5, 6].map(|network| way_among(&names, &proc, network));
        fs::remove_dir_all(&root).unwrap();
        let way = |way: &str| Ok(Some(way.to_owned()));
        assert_eq!(ways[0], way("ip netns exec lab"));
        assert_eq!(ways[1], way("nsenter --target 7 --mount --net"));
        assert_eq!(
            ways[2],
            way("nsenter --target 7 --mount nsenter --net=/run/docker/x")
        );
        assert_eq!(ways[3], Ok(None));
    }

    #[test]
    fn where_a_network_is_mounted_is_read() {
        let line = "66 65 0:4 net:[4026532177] /run/netns/lab rw master:2 - nsfs nsfs rw";
        assert_eq!(
            mounted(line, "net:[4026532177]"),
            Some("/run/netns/lab".to_owned())
        );
        assert_eq!(mounted(line, "net:[402653217]"), None);
        assert_eq!(mounted("", "net:[1]"), None);
    }
}
