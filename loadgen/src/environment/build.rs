//! Which programs were measured with, and which was measured.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twox_hash::xxhash3_64;

/// The builds of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Builds {
    /// The generator.
    pub loadgen: Build,
    /// The server, if it runs in this very process; of another nobody knows.
    pub server: Option<Build>,
}

/// What a program was built from, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// The version of its package.
    pub version: String,
    /// The commit, with `-dirty` if the sources differed from it; null if it was not built in a
    /// checkout.
    pub commit: Option<String>,
    /// The compiler.
    pub rustc: String,
    /// The platform that it was built for.
    pub target: String,
    /// The profile of the build, or the one that its own was derived from.
    pub profile: String,
    /// How hard the compiler tried, from 0 to 3, or for size.
    pub optimisation: String,
    /// What the compiler took for granted of the processor.
    pub features: Vec<String>,
    /// The file that runs; null if it cannot be read, and for a server in the same file.
    pub executable: Option<Executable>,
}

/// The file of a running program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Executable {
    /// Its size.
    pub bytes: u64,
    /// The XXH3 of it, 64 bits in hexadecimal.
    pub xxh3: String,
}

impl Builds {
    /// Those of this process, with a server in it if `embedded`.
    #[must_use]
    pub fn read(embedded: bool) -> Self {
        let build = Build::of_this(env!("CARGO_PKG_VERSION"));
        Self {
            server: embedded.then(|| Build::of_this(echo_reactor::VERSION)),
            loadgen: Build {
                executable: Executable::running().ok(),
                ..build
            },
        }
    }
}

impl Build {
    /// Both packages are built together, from one commit.
    fn of_this(version: &str) -> Self {
        let features = FEATURES.split(',').filter(|name| !name.is_empty());
        Self {
            version: version.to_owned(),
            commit: (COMMIT != UNKNOWN).then(|| COMMIT.to_owned()),
            rustc: RUSTC.to_owned(),
            target: env!("LOADGEN_TARGET").to_owned(),
            profile: env!("LOADGEN_PROFILE").to_owned(),
            optimisation: env!("LOADGEN_OPTIMISATION").to_owned(),
            features: features.map(str::to_owned).collect(),
            executable: None,
        }
    }
}

impl Executable {
    /// The file of this process, even if it has been replaced since.
    fn running() -> io::Result<Self> {
        Self::read(Path::new("/proc/self/exe"))
    }

    /// The file of a program.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hasher = xxhash3_64::Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        let mut bytes = 0;
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                length => {
                    hasher.write(&buffer[..length]);
                    bytes += length as u64;
                }
            }
        }
        Ok(Self {
            bytes,
            xxh3: format!("{:016x}", hasher.finish()),
        })
    }
}

/// What `--version` prints after the name: version, commit, compiler.
pub const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit ",
    env!("LOADGEN_COMMIT"),
    "\n",
    env!("LOADGEN_RUSTC"),
);

const COMMIT: &str = env!("LOADGEN_COMMIT");
/// What the build script writes outside of a checkout.
const UNKNOWN: &str = "unknown";

const RUSTC: &str = env!("LOADGEN_RUSTC");
const FEATURES: &str = env!("LOADGEN_FEATURES");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_file_is_told_by_its_bytes() {
        let running = Executable::running().unwrap();
        let file = std::fs::read("/proc/self/exe").unwrap();
        assert_eq!(running.bytes, file.len() as u64);
        let digest = twox_hash::XxHash3_64::oneshot(&file);
        assert_eq!(running.xxh3, format!("{digest:016x}"));
    }

    #[test]
    fn of_a_server_elsewhere_nothing_is_known() {
        assert_eq!(Builds::read(false).server, None);
        let both = Builds::read(true);
        assert_eq!(both.server.unwrap().commit, both.loadgen.commit);
    }

    #[test]
    fn a_commit_is_a_hash_and_maybe_a_mark() {
        if COMMIT == UNKNOWN {
            return;
        }
        let hash = COMMIT.strip_suffix("-dirty").unwrap_or(COMMIT);
        assert!(hash.len() >= 40, "{COMMIT}");
        assert!(
            hash.chars().all(|digit| digit.is_ascii_hexdigit()),
            "{COMMIT}"
        );
    }
}
