//! How fast processors run and how deep they sleep (`Documentation/admin-guide/pm`).

use std::path::PathBuf;

use super::kind::{Kind, Refusal};
use super::places::{self, Place};
use super::root::{self, Root};
use super::shell;
use crate::environment::cpus;
use crate::host::Figure;

/// The processors of a list such as `0-3`, or `all` that are in use, each with its directory.
fn listed(root: &Root, list: &str) -> Figure<Vec<(u32, PathBuf)>> {
    let directory = root.at(cpus::DIRECTORY);
    let text = match list {
        "all" => root::read(&directory.join("online"))?,
        list => list.to_owned(),
    };
    let numbers = cpus::parse(&text).filter(|numbers| !numbers.is_empty());
    let numbers = numbers.ok_or_else(|| format!("{text:?} is no list of processors"))?;
    let each = numbers.into_iter();
    Ok(each
        .map(|number| (number, directory.join(format!("cpu{number}"))))
        .collect())
}

/// The frequency governor of processors.
pub(super) struct Governor<'a> {
    pub(super) root: &'a Root,
    pub(super) processors: &'a str,
}

impl Governor<'_> {
    fn places(&self) -> Figure<Vec<Place>> {
        let processors = listed(self.root, self.processors)?.into_iter();
        let places = processors.map(|(number, directory)| Place {
            name: format!("cpu{number}"),
            path: directory.join("cpufreq/scaling_governor"),
        });
        Ok(places.collect())
    }
}

impl Kind for Governor<'_> {
    fn read(&self) -> Figure<String> {
        let places = self.places()?;
        places::read(&places).map(|values| places::text(&places, &values))
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        let places = self.places()?;
        let (wanted, missing) = places::values(&places, value);
        places::set(&wanted)?;
        Ok(missing?)
    }

    fn may_change(&self) -> Figure<()> {
        places::may_write(&self.places()?)
    }

    fn shell(&self, level: &str) -> Figure<String> {
        let places = self.places()?;
        lines(&places, level)
    }
}

/// How long processors may take to wake up.
///
/// A level is that time in microseconds: the states that take longer are disabled. What is read is
/// which states are: `state0=0 state1=1`, or `cpu0/state1=1` for each where processors differ.
pub(super) struct IdleLimit<'a> {
    pub(super) root: &'a Root,
    pub(super) processors: &'a str,
}

impl IdleLimit<'_> {
    /// The switch of each state of each processor.
    fn places(&self) -> Figure<Vec<Place>> {
        let mut places = Vec::new();
        for (number, directory) in listed(self.root, self.processors)? {
            let states = (0..MOST_STATES)
                .map(|state| {
                    (
                        state,
                        directory.join(format!("cpuidle/state{state}/disable")),
                    )
                })
                .take_while(|(_, path)| path.exists());
            places.extend(states.map(|(state, path)| Place {
                name: format!("cpu{number}/state{state}"),
                path,
            }));
        }
        if places.is_empty() {
            return Err("the processors tell of no idle states".to_owned());
        }
        Ok(places)
    }

    /// A level, or what was read, as the text of all places.
    fn wanted(places: &[Place], level: &str) -> Figure<String> {
        if level.contains('=') {
            let pairs = level.split_whitespace().flat_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                if name.contains('/') {
                    return vec![pair.to_owned()];
                }
                // A state of all processors.
                let of_name = places.iter().filter(|place| state_of(place) == name);
                of_name
                    .map(|place| format!("{}={value}", place.name))
                    .collect()
            });
            return Ok(pairs.collect::<Vec<_>>().join(" "));
        }
        let limit: u64 = level
            .parse()
            .map_err(|_other| format!("{level:?} is no number of microseconds"))?;
        let values = places.iter().map(|place| {
            let path = place.path.with_file_name("latency");
            let latency = root::read(&path)?.parse::<u64>();
            let latency = latency.map_err(|_odd| format!("{} is odd", path.display()))?;
            Ok(u8::from(latency > limit).to_string())
        });
        Ok(places::each(places, &values.collect::<Figure<Vec<_>>>()?))
    }
}

impl Kind for IdleLimit<'_> {
    fn read(&self) -> Figure<String> {
        let places = self.places()?;
        let values = places::read(&places)?;
        // Each state once, if processors agree.
        let mut states: Vec<(&str, &str)> = Vec::new();
        for (place, value) in places.iter().zip(&values) {
            let state = state_of(place);
            match states.iter().find(|(name, _)| *name == state) {
                Some((_, other)) if *other != value => return Ok(places::each(&places, &values)),
                Some(_) => {}
                None => states.push((state, value)),
            }
        }
        let pairs = states
            .iter()
            .map(|(state, value)| format!("{state}={value}"));
        Ok(pairs.collect::<Vec<_>>().join(" "))
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        let places = self.places()?;
        let text = Self::wanted(&places, value)?;
        let (wanted, missing) = places::values(&places, &text);
        places::set(&wanted)?;
        Ok(missing?)
    }

    fn may_change(&self) -> Figure<()> {
        places::may_write(&self.places()?)
    }

    fn shell(&self, level: &str) -> Figure<String> {
        let places = self.places()?;
        lines(&places, &Self::wanted(&places, level)?)
    }
}

fn state_of(place: &Place) -> &str {
    place.name.split_once('/').map_or("", |(_, state)| state)
}

fn lines(places: &[Place], text: &str) -> Figure<String> {
    let (wanted, missing) = places::values(places, text);
    missing?;
    let lines = wanted
        .iter()
        .map(|(place, value)| shell::echo(value, &place.path));
    Ok(shell::all(&lines.collect::<Vec<_>>()))
}

/// `CPUIDLE_STATE_MAX` of `include/linux/cpuidle.h` is 10.
const MOST_STATES: u32 = 16;
