//! The integration tests, in one binary. The first paragraph of each module says what it tests.
//!
//! ```text
//! cases       fixtures/cases: what the specification says, sentence by sentence
//! rules       documentation and worked examples of every rule
//! mutation    a fixture notices when a rule or a datum of the policy is broken
//! caps        a fixture notices when a cap of a rule is missing, misplaced or not its own
//! layout_words  a fixture notices when a word of a shipped layout has another meaning
//! words       a fixture notices when a word of the vocabulary or of a list of the policy is missing or misplaced
//! invariants  what holds for the life of any claim: reversals, denied rows, files, amounts
//! missing_columns  which columns an extract may lack without a new denial, and why it may not lack the others
//! properties  what holds for any extract: threads, blocks, order, sums
//! soak        the findings of invented extracts are those that were planted
//! on_disk     what is looked up by key on disk instead of in memory changes no byte of a report
//! twin, slow  the reader compared with a slow and simple one
//! slices      an extract read in slices is the extract read at once
//! joined_slices  an extract with joined tables read in a slice is the extract read at once
//! jobs        plan, slice and merge as a shell sees them
//! damage      damaged input and its messages
//! pollock     files polluted in the ways of a public benchmark: no row is wrong in silence
//! layouts     layouts that extend others, and columns beyond the numbers that are read
//! joins       several services in one row, and tables joined by key
//! tables      what a run says of its joined tables
//! formats     all formats agree and can be read by other programs
//! advice      a word or a file that does not fit is answered with what would
//! appeals     the right report, claims found by what a caller knows, the words of a reviewer, letters
//! appeal_words  what the answer and the letters say is what was looked at
//! shared_numbers  a letter is about one claim and goes to one provider, whatever the claim number
//! explain     the dossier of a claim agrees with the report
//! connected   what explain reads for a claim: the rows that may bear on it, within its memory
//! browser     report.html in a browser: filter, sort, keyboard, phone, dark mode, paper
//! screens     the pages on any screen and on paper: nothing is cut, and a print begins with a summary
//! mask        a masked report holds no id
//! mask_parts  nor a part of one that several columns make
//! night       killed runs, full disks, unreadable files, two runs at once: the old report or the new one
//! nightly     dated reports, the newest as the baseline, old ones removed, directories of extracts, inputs that settle
//! schedules   the guide's examples for systemd and cron are accepted and run
//! moving      an input that changes during the run ends it
//! inputs      what a run reads is read whole and stays: pipes, files without end, places that no file of a command may take
//! others      files of others: links, foreign files and inputs in the place of a report, a directory swapped mid-run
//! foreign     reports that somebody made to harm their reader
//! verify      altered reports and reports of other inputs are recognized
//! private     file modes under any umask; no message quotes a row
//! policy_files  what is written into a policy file and does nothing is a fault with its place
//! side_files  contradictions in layouts, settings, limits and authorization files are refused with their place
//! silence     what must not pass in silence when files are read
//! unsaid      what is missing in a part: rows of tables, columns of slots, amounts, words and codes that nobody reads
//! noticed     the same text twice, shifted rows, wrong `sep=` lines, skipped rows, columns of decorated codes
//! settings    claimlint.toml: where it is found, what overrides it, how it is shown
//! trust       settings files that nobody named: a warning, refused, or read by every command
//! warnings    signs that a run read something else than the user meant: each where it should be, and everywhere
//! selection   rules and files that a run leaves out
//! gates       conditions over the totals
//! reconcile   rows and charges compared with the announced totals
//! life        the life of a claim: bins, and facts that rows take from each other
//! sessions    encounters, sessions, units on authorization numbers, money of stays
//! logs        the log for machines, without text of rows
//! summaries   the terminal, the texts without ids, figures for Prometheus, rules and policy for programs
//! linear      ten times the input takes ten times the steps
//! compare     new, known and suppressed findings: fingerprints, compare, --baseline, --suppress
//! compared    services with and without amounts, whole and cut dates
//! trend       months, rules and providers over many reports; each service counts once
//! sampling    audit samples: drawn again by anyone, estimated whole or refused
//! cli         exit codes, streams and directories of the built binary
//! inspect     extracts that check refuses, the layouts that inspect writes, and the command layout
//! hostile     decompression bombs, endless lines, special file names
//! terminal    no path, setting, policy, argument or cell controls the terminal
//! narrow      at a terminal of 40 columns no word and no amount is broken
//! injection   markup, formulas and escape sequences in every column
//! house       structure of the repository: imports, rosters, file lengths, README
//! parquet     Parquet extracts: the report of their export, and files that are refused
//! pages       the README and the guide: their commands, what they show, the files they name
//! subrooms    order of the files inside a room
//! citations   sections of the specification that the code cites
//! ```
//!
//! Unit tests are at the end of their files in `src`. The tests here need more than one file.

mod advice;
mod appeal_words;
mod appeals;
mod browser;
mod caps;
mod cases;
mod chromium;
mod citations;
mod cli;
mod compare;
mod compared;
mod connected;
mod damage;
mod decorations;
mod explain;
#[cfg(unix)]
mod foreign;
mod formats;
mod gates;
#[cfg(unix)]
mod hostile;
mod house;
#[cfg(unix)]
mod injection;
#[cfg(unix)]
mod inputs;
mod inspect;
mod invariants;
mod jobs;
mod joined_slices;
mod joins;
mod kit;
mod layout_words;
mod layouts;
mod life;
mod linear;
mod logs;
mod mask;
mod mask_parts;
mod memory;
mod missing_columns;
#[cfg(unix)]
mod moving;
mod mutation;
mod narrow;
#[cfg(unix)]
mod night;
mod nightly;
mod noticed;
#[cfg(unix)]
mod on_disk;
mod others;
mod pages;
mod parquet;
mod policy_files;
mod pollock;
mod pollute;
#[cfg(unix)]
mod private;
mod properties;
mod readers;
mod reconcile;
mod rules;
mod sampling;
#[cfg(unix)]
mod schedules;
mod screens;
mod selection;
mod sessions;
mod settings;
mod shared_numbers;
mod side_files;
mod silence;
mod slices;
mod slow;
mod soak;
mod subrooms;
mod summaries;
mod tables;
#[cfg(unix)]
mod terminal;
mod trend;
mod trust;
mod twin;
mod unsaid;
mod verify;
mod warnings;
mod words;
