-- +goose Up
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE customer (
  id         TEXT PRIMARY KEY,
  number     TEXT NOT NULL UNIQUE,     -- the lender's own number for the customer
  first_name TEXT NOT NULL,
  last_name  TEXT NOT NULL,
  email      TEXT NOT NULL,
  phone      TEXT NOT NULL,
  street     TEXT NOT NULL,
  city       TEXT NOT NULL,
  state      TEXT NOT NULL,
  zip        TEXT NOT NULL,
  ssn        TEXT NOT NULL,            -- encrypted; nine digits or the last four
  birth_date TEXT NOT NULL,            -- encrypted
  language   TEXT NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'es')),
  created_at BIGINT NOT NULL
);

CREATE INDEX customer_phone ON customer (phone) WHERE phone <> '';

CREATE TABLE contract (
  id              TEXT PRIMARY KEY,
  account_number  TEXT NOT NULL UNIQUE,
  kind            TEXT NOT NULL CHECK (kind IN ('loan', 'lease')),
  customer_id     TEXT REFERENCES customer (id), -- the borrower whom papers are addressed to; all who owe it are in contract_party
  vehicle_year    BIGINT NOT NULL,
  vehicle_make    TEXT NOT NULL,
  vehicle_model   TEXT NOT NULL,
  vin             TEXT NOT NULL,
  original_date   TEXT NOT NULL,
  original_amount BIGINT NOT NULL,
  original_term   BIGINT NOT NULL,
  original_rate   BIGINT NOT NULL,
  terms           TEXT NOT NULL,
  state           TEXT NOT NULL,       -- the fold of the contract's events, kept so that the next one needs no history
  version         BIGINT NOT NULL,
  last_event      BIGINT NOT NULL,
  last_entry      BIGINT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('open', 'paid', 'charged_off')),
  statement_on    TEXT NOT NULL,       -- next statement closing date; '' for none
  late_fee_on     TEXT NOT NULL,       -- first day a late fee may be charged; '' for none
  draft_on        TEXT NOT NULL,       -- next autopay draft; '' for none
  papers_on       TEXT NOT NULL,       -- first day on which papers may be due that nobody asks for; '' for none
  boarded_on      TEXT NOT NULL,
  boarded_at      BIGINT NOT NULL
);
CREATE INDEX contract_statement ON contract (statement_on, id) WHERE statement_on <> '';
CREATE INDEX contract_late_fee ON contract (late_fee_on, id) WHERE late_fee_on <> '';
CREATE INDEX contract_draft ON contract (draft_on, id) WHERE draft_on <> '';
CREATE INDEX contract_papers ON contract (papers_on, id) WHERE papers_on <> '';

CREATE TABLE contract_party (         -- who owes it; each has an own way in and sees all of it
  contract_id TEXT NOT NULL REFERENCES contract (id),
  customer_id TEXT NOT NULL REFERENCES customer (id),
  role        TEXT NOT NULL CHECK (role IN ('borrower', 'co_borrower')),
  since       TEXT NOT NULL CHECK (length(since) = 10),
  PRIMARY KEY (contract_id, customer_id)
);
CREATE INDEX contract_party_customer ON contract_party (customer_id, contract_id);
CREATE UNIQUE INDEX contract_party_one_borrower ON contract_party (contract_id) WHERE role = 'borrower';

CREATE TABLE event (
  contract_id TEXT NOT NULL REFERENCES contract (id),
  seq         BIGINT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('payment', 'reversal', 'late_fee', 'returned_fee', 'other_fee', 'waiver', 'refund',
    'rate_change', 'scra', 'scra_end', 'due_date_change', 'deferral', 're_age', 'modification',
    'acceleration', 'total_loss', 'repossession', 'sale', 'charge_off', 'hold', 'hold_end', 'payoff_quote', 'odometer', 'lease_extension', 'lease_end')),
  effective   TEXT NOT NULL CHECK (length(effective) = 10),
  amount      BIGINT NOT NULL,
  instalment  BIGINT NOT NULL,
  reverses    BIGINT NOT NULL,
  detail      TEXT NOT NULL,           -- what else the kind needs, as JSON
  payment_id  TEXT NOT NULL,
  key         TEXT NOT NULL,           -- of the request that made it; '' when it followed from something else
  input_hash  TEXT NOT NULL,
  posted_at   BIGINT NOT NULL,
  actor       TEXT NOT NULL,
  PRIMARY KEY (contract_id, seq)
);
CREATE UNIQUE INDEX event_key ON event (contract_id, key) WHERE key <> '';
CREATE UNIQUE INDEX event_one_late_fee ON event (contract_id, instalment) WHERE kind = 'late_fee' AND instalment > 0;

CREATE TABLE entry (
  contract_id TEXT NOT NULL REFERENCES contract (id),
  id          BIGINT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('boarding', 'event', 'correction', 'settlement')),
  event_seq   BIGINT NOT NULL,
  corrects    BIGINT NOT NULL,
  effective   TEXT NOT NULL CHECK (length(effective) = 10),
  posted_at   BIGINT NOT NULL,
  PRIMARY KEY (contract_id, id)
);

CREATE TABLE posting (
  contract_id TEXT NOT NULL,
  entry_id    BIGINT NOT NULL,
  account     TEXT NOT NULL,
  amount      BIGINT NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (contract_id, entry_id, account),
  FOREIGN KEY (contract_id, entry_id) REFERENCES entry (contract_id, id)
);

CREATE TABLE payment_method (
  customer_id  TEXT NOT NULL REFERENCES customer (id),
  id           TEXT NOT NULL,
  key          TEXT NOT NULL,
  input_hash   TEXT NOT NULL,
  kind         TEXT NOT NULL CHECK (kind IN ('bank', 'card')),
  nickname     TEXT NOT NULL,
  is_default   BIGINT NOT NULL CHECK (is_default IN (0, 1)),
  type         TEXT NOT NULL CHECK (type IN ('', 'checking', 'savings')), -- this and what follows: of a bank account
  holder       TEXT NOT NULL,
  routing      TEXT NOT NULL,
  bank_name    TEXT NOT NULL,
  account      TEXT NOT NULL,          -- encrypted
  account_hash TEXT NOT NULL,          -- keyed, of routing and account number
  validation   TEXT NOT NULL CHECK (validation IN ('none', 'pending', 'validated', 'failed', 'stopped')),
  validated_by TEXT NOT NULL CHECK (validated_by IN ('', 'micro_entries', 'prenote', 'prior_entry', 'provider', 'processor')),
  validated_at BIGINT NOT NULL,
  stop_code    TEXT NOT NULL,
  brand        TEXT NOT NULL,          -- this and what follows: of a card; never its number
  funding      TEXT NOT NULL,
  exp_month    BIGINT NOT NULL,
  exp_year     BIGINT NOT NULL,
  processor    TEXT NOT NULL,
  token        TEXT NOT NULL,
  last4        TEXT NOT NULL CHECK (length(last4) <= 4),
  created_at   BIGINT NOT NULL,
  removed_at   BIGINT NOT NULL,
  PRIMARY KEY (customer_id, id),
  CHECK ((kind = 'bank') = (account <> '')),
  CHECK ((kind = 'bank') = (type <> '')),
  CHECK ((kind = 'card') = (token <> '')),
  CHECK (validation <> 'validated' OR (validated_by <> '' AND validated_at > 0)),
  CHECK (validation <> 'stopped' OR stop_code <> ''),
  CHECK (is_default = 0 OR removed_at = 0)
);
CREATE UNIQUE INDEX payment_method_key ON payment_method (customer_id, key);
CREATE UNIQUE INDEX payment_method_once ON payment_method (customer_id, account_hash) WHERE removed_at = 0 AND account_hash <> '';
CREATE UNIQUE INDEX payment_method_default ON payment_method (customer_id) WHERE is_default = 1;

-- One row for each time that a bank account is checked by entries to it.
CREATE TABLE account_check (
  customer_id TEXT NOT NULL,
  method_id   TEXT NOT NULL,
  id          TEXT NOT NULL,
  key         TEXT NOT NULL,
  way         TEXT NOT NULL CHECK (way IN ('micro_entries', 'prenote')),
  state       TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'passed', 'failed')),
  amounts     TEXT NOT NULL,           -- encrypted; of two credits; empty for a prenote and once the check is over
  tries       BIGINT NOT NULL CHECK (tries BETWEEN 0 AND 3),
  file_id     TEXT NOT NULL,
  effective   TEXT NOT NULL,           -- the day on which the bank has the entries
  ends_on     TEXT NOT NULL,           -- a prenote has passed; micro-entries are too old
  reason      TEXT NOT NULL,           -- why it failed: tries, expired, removed, or a return code
  started_on  TEXT NOT NULL CHECK (length(started_on) = 10),
  started_at  BIGINT NOT NULL,
  ended_at    BIGINT NOT NULL,         -- 0 while it goes on
  PRIMARY KEY (customer_id, method_id, id),
  FOREIGN KEY (customer_id, method_id) REFERENCES payment_method (customer_id, id),
  CHECK (amounts = '' OR (way = 'micro_entries' AND state IN ('waiting', 'sent'))),
  CHECK (way <> 'micro_entries' OR state IN ('passed', 'failed') OR amounts <> ''),
  CHECK (tries = 0 OR way = 'micro_entries'),
  CHECK ((file_id = '') = (effective = '') AND (file_id = '') = (ends_on = '')),
  CHECK ((state = 'waiting') <= (file_id = '') AND (state IN ('sent', 'passed')) <= (file_id <> '')),
  CHECK ((ended_at > 0) = (state IN ('passed', 'failed'))),
  CHECK ((state = 'failed') = (reason <> ''))
);
CREATE UNIQUE INDEX account_check_key ON account_check (customer_id, key);
CREATE UNIQUE INDEX account_check_open ON account_check (customer_id, method_id) WHERE state IN ('waiting', 'sent');
CREATE INDEX account_check_waiting ON account_check (id) WHERE state = 'waiting';
CREATE INDEX account_check_ends ON account_check (ends_on) WHERE state = 'sent';

-- One row for each try to say the amounts of micro-entries, written before they
-- are compared: no account has a fourth.
CREATE TABLE account_check_try (
  customer_id TEXT NOT NULL,
  method_id   TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  n           BIGINT NOT NULL CHECK (n BETWEEN 1 AND 3),
  key         TEXT NOT NULL,
  input_hash  TEXT NOT NULL,           -- keyed
  outcome     TEXT NOT NULL CHECK (outcome IN ('', 'right', 'wrong')),
  tried_at    BIGINT NOT NULL,
  PRIMARY KEY (customer_id, method_id, check_id, n),
  FOREIGN KEY (customer_id, method_id, check_id) REFERENCES account_check (customer_id, method_id, id)
);
CREATE UNIQUE INDEX account_check_try_key ON account_check_try (customer_id, key);

-- One row for each method that is to take another's place: what draws from the
-- other one moves once the new one may be drawn from.
CREATE TABLE method_move (
  customer_id TEXT NOT NULL,
  method_id   TEXT NOT NULL,           -- the new one
  from_id     TEXT NOT NULL,
  ip          TEXT NOT NULL,           -- who agreed, from where and when
  user_agent  TEXT NOT NULL,
  agreed_at   BIGINT NOT NULL,
  done_at     BIGINT NOT NULL,         -- 0 until it is done
  PRIMARY KEY (customer_id, method_id, from_id),
  FOREIGN KEY (customer_id, method_id) REFERENCES payment_method (customer_id, id),
  FOREIGN KEY (customer_id, from_id) REFERENCES payment_method (customer_id, id),
  CHECK (method_id <> from_id)
);
CREATE INDEX method_move_open ON method_move (method_id) WHERE done_at = 0;

CREATE TABLE agreement (
  contract_id TEXT NOT NULL REFERENCES contract (id),
  id          TEXT NOT NULL,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  kind        TEXT NOT NULL CHECK (kind IN ('payment', 'autopay', 'phone', 'signed_form')),
  text        TEXT NOT NULL,
  hash        TEXT NOT NULL,           -- SHA-256 of the text, hexadecimal
  ip          TEXT NOT NULL,
  user_agent  TEXT NOT NULL,
  agreed_at   BIGINT NOT NULL,
  PRIMARY KEY (contract_id, id)
);

-- How a member of staff knows that a customer agreed: to words that were read out,
-- or on a form.
CREATE TABLE agreement_proof (
  contract_id  TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  taken_by     TEXT NOT NULL CHECK (taken_by LIKE 'staff:_%'),
  proof        TEXT NOT NULL CHECK (proof IN ('recording', 'notice', 'form')),
  reference    TEXT NOT NULL,          -- the recording system's, or the form's; never a card number
  signed_on    TEXT NOT NULL,
  PRIMARY KEY (contract_id, agreement_id),
  FOREIGN KEY (contract_id, agreement_id) REFERENCES agreement (contract_id, id),
  CHECK ((proof = 'notice') = (reference = '')),
  CHECK ((proof = 'form') = (signed_on <> ''))
);

CREATE TABLE autopay (
  contract_id  TEXT NOT NULL REFERENCES contract (id),
  id           TEXT NOT NULL,
  key          TEXT NOT NULL,
  input_hash   TEXT NOT NULL,
  customer_id  TEXT NOT NULL REFERENCES customer (id),
  method_id    TEXT NOT NULL,
  agreement_id TEXT NOT NULL,          -- the text, its hash, when and from where
  version      TEXT NOT NULL,          -- of the wording
  signed       TEXT NOT NULL,          -- as typed
  session      TEXT NOT NULL,
  rhythm       TEXT NOT NULL CHECK (rhythm IN ('due_date', 'monthly', 'twice_monthly', 'weekly', 'every_two_weeks')),
  first_day    BIGINT NOT NULL CHECK (first_day BETWEEN 0 AND 31),
  second_day   BIGINT NOT NULL CHECK (second_day BETWEEN 0 AND 31),
  weekday      BIGINT NOT NULL CHECK (weekday BETWEEN 0 AND 6),
  anchor       TEXT NOT NULL,
  extra        BIGINT NOT NULL CHECK (extra >= 0),
  fixed        BIGINT NOT NULL CHECK (fixed >= 0),
  last_date    TEXT NOT NULL,
  drafts       BIGINT NOT NULL CHECK (drafts >= 0), -- in all; 0 until paid off
  paused_from  TEXT NOT NULL,
  paused_until TEXT NOT NULL,
  skip_on      TEXT NOT NULL,
  tell         TEXT NOT NULL CHECK (tell IN ('differs', 'outside', 'every')),
  least        BIGINT NOT NULL CHECK (least >= 0),
  most         BIGINT NOT NULL,
  agreed       BIGINT NOT NULL CHECK (agreed > 0),
  first_date   TEXT NOT NULL CHECK (length(first_date) = 10),
  first_amount BIGINT NOT NULL CHECK (first_amount >= 0),
  signed_on    TEXT NOT NULL CHECK (length(signed_on) = 10),
  made         BIGINT NOT NULL CHECK (made >= 0),
  previous     BIGINT NOT NULL CHECK (previous >= 0),
  moved        BIGINT NOT NULL CHECK (moved IN (0, 1)),
  paused_by    TEXT NOT NULL CHECK (paused_by IN ('', 'customer', 'deferral')),
  look_on      TEXT NOT NULL,
  started_at   BIGINT NOT NULL,
  ended_at     BIGINT NOT NULL,        -- 0 while in force
  end_reason   TEXT NOT NULL,
  keep_until   TEXT NOT NULL,          -- two years after it ended (12 CFR 1005.13(b))
  PRIMARY KEY (contract_id, id),
  CHECK (rhythm NOT IN ('monthly', 'twice_monthly') OR first_day > 0),
  CHECK ((rhythm = 'twice_monthly') = (second_day > 0)),
  CHECK ((rhythm = 'every_two_weeks') = (anchor <> '')),
  CHECK (rhythm IN ('due_date', 'monthly') OR fixed > 0),
  CHECK (fixed = 0 OR (extra = 0 AND rhythm <> 'due_date')),
  CHECK (drafts = 0 OR made <= drafts),
  CHECK (tell <> 'outside' OR most >= agreed),
  CHECK ((paused_from = '') = (paused_by = '')),
  CHECK (paused_until = '' OR paused_until > paused_from),
  CHECK ((ended_at > 0) = (end_reason <> '')),
  CHECK ((ended_at > 0) = (keep_until <> '')),
  CHECK (ended_at = 0 OR look_on = '')
);
CREATE UNIQUE INDEX autopay_key ON autopay (contract_id, key);
CREATE UNIQUE INDEX autopay_one ON autopay (contract_id) WHERE ended_at = 0;
CREATE INDEX autopay_look ON autopay (look_on) WHERE look_on <> '';

-- What was told of a draft beforehand (12 CFR 1005.10(d)).
CREATE TABLE autopay_notice (
  contract_id TEXT NOT NULL,
  autopay_id  TEXT NOT NULL,
  draft_on    TEXT NOT NULL CHECK (length(draft_on) = 10),
  amount      BIGINT NOT NULL CHECK (amount > 0),
  notice_once TEXT NOT NULL,           -- the message
  sent_on     TEXT NOT NULL CHECK (length(sent_on) = 10),
  PRIMARY KEY (contract_id, autopay_id, draft_on, amount, sent_on),
  FOREIGN KEY (contract_id, autopay_id) REFERENCES autopay (contract_id, id)
);

CREATE TABLE payment (
  contract_id     TEXT NOT NULL REFERENCES contract (id),
  id              TEXT NOT NULL,
  key             TEXT NOT NULL,
  input_hash      TEXT NOT NULL,
  customer_id     TEXT NOT NULL REFERENCES customer (id),
  method_id       TEXT NOT NULL,       -- '' until a card is chosen on the processor's page
  agreement_id    TEXT NOT NULL,
  confirmation    TEXT NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('due', 'other', 'payoff')),
  extra           TEXT NOT NULL CHECK (extra IN ('', 'prepay', 'principal', 'fees', 'principal_only')),
  autopay         BIGINT NOT NULL CHECK (autopay IN (0, 1)),
  rail            TEXT NOT NULL CHECK (rail IN ('ach', 'card')),
  sec             TEXT NOT NULL CHECK (sec IN ('', 'WEB', 'TEL', 'PPD')),
  same_day        BIGINT NOT NULL CHECK (same_day IN (0, 1)), -- to settle the day it is sent
  group_id        TEXT NOT NULL,
  retry_of        TEXT NOT NULL,
  attempt         BIGINT NOT NULL CHECK (attempt BETWEEN 1 AND 3),
  state           TEXT NOT NULL CHECK (state IN ('created', 'scheduled', 'authorised', 'submitted', 'unknown', 'settled', 'returned', 'reversed', 'cancelled', 'refused')),
  amount          BIGINT NOT NULL CHECK (amount > 0),
  convenience_fee BIGINT NOT NULL CHECK (convenience_fee >= 0),
  date            TEXT NOT NULL CHECK (length(date) = 10),
  plan            TEXT NOT NULL,       -- allocation and balance after, as posted or as planned
  event_seq       BIGINT NOT NULL,     -- 0 until posted
  file_id         TEXT NOT NULL,
  settles_on      TEXT NOT NULL,
  return_code     TEXT NOT NULL,
  returned_on     TEXT NOT NULL,
  reason          TEXT NOT NULL,
  made_by         TEXT NOT NULL,
  created_on      TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (contract_id, id),
  CHECK ((rail = 'ach') = (sec <> '')),
  CHECK (same_day = 0 OR (rail = 'ach' AND amount <= 100000000)),
  CHECK (rail <> 'ach' OR method_id <> ''),
  CHECK (rail <> 'ach' OR state NOT IN ('created', 'unknown')),
  CHECK (rail <> 'ach' OR state NOT IN ('submitted', 'settled', 'returned', 'reversed') OR (file_id <> '' AND settles_on <> '')),
  CHECK (rail <> 'card' OR (state NOT IN ('authorised') AND file_id = '')),
  CHECK ((state IN ('settled', 'returned', 'reversed')) <= (event_seq > 0)),
  CHECK (rail <> 'ach' OR state NOT IN ('authorised', 'submitted') OR event_seq > 0),
  CHECK ((state = 'returned') = (return_code <> '')),
  CHECK ((state = 'returned') = (returned_on <> '')),
  CHECK (state NOT IN ('created', 'scheduled') OR event_seq = 0),
  CHECK ((attempt = 1) = (retry_of = ''))
);
CREATE UNIQUE INDEX payment_key ON payment (customer_id, key);
CREATE UNIQUE INDEX payment_draft ON payment (contract_id, key) WHERE autopay = 1;
CREATE UNIQUE INDEX payment_retry ON payment (contract_id, retry_of) WHERE retry_of <> '';
CREATE UNIQUE INDEX payment_confirmation ON payment (confirmation);
CREATE INDEX payment_scheduled ON payment (date) WHERE state = 'scheduled';
CREATE INDEX payment_authorised ON payment (date) WHERE state = 'authorised';
CREATE INDEX payment_file ON payment (file_id) WHERE file_id <> '';
CREATE INDEX payment_submitted ON payment (settles_on) WHERE state = 'submitted';
CREATE INDEX payment_reversed ON payment (contract_id, id) WHERE state = 'reversed' AND rail = 'ach';
CREATE INDEX payment_group ON payment (group_id) WHERE group_id <> '';

-- What is asked of the processor of cards for a payment, and what it has told.
-- Facts are only ever added to, so that their order does not matter.
CREATE TABLE card_charge (
  contract_id    TEXT NOT NULL,
  payment_id     TEXT NOT NULL,
  customer_id    TEXT NOT NULL REFERENCES customer (id),
  kind           TEXT NOT NULL CHECK (kind IN ('page', 'saved')),
  amount         BIGINT NOT NULL CHECK (amount > 0), -- with the fee for the way of paying
  description    TEXT NOT NULL,
  back           TEXT NOT NULL,        -- where the processor's page leads back to
  processor      TEXT NOT NULL,        -- the processor's name for the customer and
  token          TEXT NOT NULL,        -- for the card; '' for a page
  asked_at       BIGINT NOT NULL,      -- 0 until the request has left for the first time
  expires_at     BIGINT NOT NULL,      -- of the page
  close_at       BIGINT NOT NULL,      -- when it was asked to be closed; 0 for not
  try_at         BIGINT NOT NULL,      -- when somebody works on it again; 0 when nothing is left to do
  attempts       BIGINT NOT NULL,
  session_id     TEXT NOT NULL,
  page_url       TEXT NOT NULL,
  intent_id      TEXT NOT NULL,
  opened         BIGINT NOT NULL CHECK (opened IN (0, 1)), -- this and what follows: facts
  processing     BIGINT NOT NULL CHECK (processing IN (0, 1)),
  charged        BIGINT NOT NULL CHECK (charged >= 0), -- what was asked for, or nothing
  differs        BIGINT NOT NULL CHECK (differs >= 0), -- another amount that was told as charged
  charged_at     BIGINT NOT NULL,
  failed         BIGINT NOT NULL CHECK (failed IN (0, 1)),
  expired        BIGINT NOT NULL CHECK (expired IN (0, 1)),
  refunded       BIGINT NOT NULL CHECK (refunded >= 0),
  unrefunded     BIGINT NOT NULL CHECK (unrefunded >= 0), -- of it, what did not reach the card
  dispute_id     TEXT NOT NULL,
  dispute_state  TEXT NOT NULL CHECK (dispute_state IN ('', 'inquiry', 'open', 'lost', 'won')),
  dispute_amount BIGINT NOT NULL,
  dispute_code   TEXT NOT NULL,
  decline        TEXT NOT NULL,
  reason         TEXT NOT NULL,
  brand          TEXT NOT NULL,        -- of the card that was charged
  last4          TEXT NOT NULL CHECK (length(last4) <= 4),
  funding        TEXT NOT NULL,
  PRIMARY KEY (contract_id, payment_id),
  FOREIGN KEY (contract_id, payment_id) REFERENCES payment (contract_id, id),
  CHECK ((kind = 'saved') = (token <> '')),
  CHECK (charged = 0 OR (charged = amount AND asked_at > 0))
);
CREATE UNIQUE INDEX card_charge_payment ON card_charge (payment_id);
CREATE UNIQUE INDEX card_charge_intent ON card_charge (intent_id) WHERE intent_id <> '';
CREATE INDEX card_charge_work ON card_charge (try_at) WHERE try_at > 0;

-- A card that is saved without paying.
CREATE TABLE card_setup (
  customer_id TEXT NOT NULL REFERENCES customer (id),
  id          TEXT NOT NULL UNIQUE,
  key         TEXT NOT NULL,
  input_hash  TEXT NOT NULL,
  replaces    TEXT NOT NULL,           -- the card whose place it takes; '' for none
  state       TEXT NOT NULL CHECK (state IN ('created', 'open', 'unknown', 'saved', 'cancelled', 'refused')),
  back        TEXT NOT NULL,
  processor   TEXT NOT NULL,
  asked_at    BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  try_at      BIGINT NOT NULL,
  attempts    BIGINT NOT NULL,
  session_id  TEXT NOT NULL,
  page_url    TEXT NOT NULL,
  method_id   TEXT NOT NULL,
  reason      TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (customer_id, id),
  CHECK ((state = 'saved') = (method_id <> ''))
);
CREATE UNIQUE INDEX card_setup_key ON card_setup (customer_id, key);
CREATE INDEX card_setup_work ON card_setup (try_at) WHERE try_at > 0;

-- Money of a card payment that staff give back, in full.
CREATE TABLE refund (
  id           TEXT PRIMARY KEY,
  contract_id  TEXT NOT NULL,
  payment_id   TEXT NOT NULL,
  customer_id  TEXT NOT NULL,
  amount       BIGINT NOT NULL CHECK (amount > 0),
  approval_id  TEXT NOT NULL UNIQUE,
  reason       TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('asked', 'refused', 'agreed', 'unknown', 'pending', 'done', 'failed')),
  asked_by     TEXT NOT NULL,
  agreed_by    TEXT NOT NULL,
  asked_at     BIGINT NOT NULL,        -- 0 until the request has left for the first time
  try_at       BIGINT NOT NULL,
  attempts     BIGINT NOT NULL,
  processor_id TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  FOREIGN KEY (contract_id, payment_id) REFERENCES payment (contract_id, id),
  CHECK ((state IN ('asked', 'refused')) = (agreed_by = '')),
  CHECK (agreed_by <> asked_by OR agreed_by = '')
);
CREATE UNIQUE INDEX refund_once ON refund (payment_id) WHERE state NOT IN ('refused', 'failed');
CREATE INDEX refund_work ON refund (try_at) WHERE try_at > 0;

-- What the processor tells by itself, as it came.
CREATE TABLE processor_event (
  id          TEXT PRIMARY KEY,
  type        TEXT NOT NULL,
  about       TEXT NOT NULL CHECK (about IN ('', 'page', 'charge', 'charged', 'refund', 'dispute', 'payout', 'payout_failed', 'unreadable')),
  payment_id  TEXT NOT NULL,           -- our name for it, as the event says
  intent_id   TEXT NOT NULL,
  amount      BIGINT NOT NULL,
  body        TEXT NOT NULL,           -- encrypted
  state       TEXT NOT NULL CHECK (state IN ('new', 'applied', 'ignored', 'failed')),
  reason      TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  applied_at  BIGINT NOT NULL,         -- 0 while new
  attempts    BIGINT NOT NULL,
  try_at      BIGINT NOT NULL,
  CHECK ((state = 'new') = (applied_at = 0)),
  CHECK ((state = 'new') = (try_at > 0))
);
CREATE INDEX processor_event_new ON processor_event (try_at) WHERE state = 'new';

-- What the processor has sent to our bank, and what that is made of.
CREATE TABLE card_payout (
  id         TEXT PRIMARY KEY,
  arrival    TEXT NOT NULL CHECK (length(arrival) = 10),
  amount     BIGINT NOT NULL,
  read_at    BIGINT NOT NULL
);

CREATE TABLE card_payout_line (
  id          TEXT PRIMARY KEY,
  payout_id   TEXT NOT NULL REFERENCES card_payout (id),
  kind        TEXT NOT NULL CHECK (kind IN ('charge', 'refund', 'dispute', 'other')),
  contract_id TEXT NOT NULL,           -- '' for what is no payment's
  payment_id  TEXT NOT NULL,
  amount      BIGINT NOT NULL,
  fee         BIGINT NOT NULL,         -- of the processor
  net         BIGINT NOT NULL,
  posted_at   BIGINT NOT NULL,         -- 0 until it is in the ledger
  CHECK (net = amount - fee),
  CHECK ((contract_id = '') = (payment_id = ''))
);
CREATE INDEX card_payout_line_payment ON card_payout_line (contract_id, payment_id) WHERE payment_id <> '';
CREATE INDEX card_payout_line_open ON card_payout_line (id) WHERE posted_at = 0;

CREATE TABLE document (              -- a paper, as it was frozen
  contract_id  TEXT NOT NULL REFERENCES contract (id),
  id           TEXT NOT NULL,
  customer_id  TEXT NOT NULL,          -- made out to one who owes it and theirs alone; '' for all of them
  kind         TEXT NOT NULL,
  day          TEXT NOT NULL CHECK (length(day) = 10),
  language     TEXT NOT NULL CHECK (language IN ('en', 'es')),
  once         TEXT NOT NULL,          -- what it is about, so that it is made once
  content      TEXT NOT NULL,          -- the snapshot it is set from; '' for a file that was taken over
  content_hash TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (contract_id, id)
);
CREATE UNIQUE INDEX document_once ON document (contract_id, once);
CREATE INDEX document_day ON document (contract_id, day, id);

CREATE TABLE document_file (         -- the bytes in the archive
  contract_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  hash        TEXT NOT NULL CHECK (length(hash) = 64), -- SHA-256
  size        BIGINT NOT NULL CHECK (size > 0),
  media_type  TEXT NOT NULL,
  filed_at    BIGINT NOT NULL,
  PRIMARY KEY (contract_id, document_id),
  FOREIGN KEY (contract_id, document_id) REFERENCES document (contract_id, id)
);

CREATE TABLE document_due (          -- papers that are not in the archive yet
  contract_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  try_at      BIGINT NOT NULL,
  attempts    BIGINT NOT NULL,
  PRIMARY KEY (contract_id, document_id),
  FOREIGN KEY (contract_id, document_id) REFERENCES document (contract_id, id)
);
CREATE INDEX document_due_at ON document_due (try_at, document_id);

CREATE TABLE statement (
  contract_id     TEXT NOT NULL REFERENCES contract (id),
  closing         TEXT NOT NULL CHECK (length(closing) = 10),
  due_date        TEXT NOT NULL CHECK (length(due_date) = 10),
  amount_due      BIGINT NOT NULL,
  closing_balance BIGINT NOT NULL,
  last_entry      BIGINT NOT NULL,     -- the contract's last journal entry when it was cut
  document_id     TEXT NOT NULL,
  PRIMARY KEY (contract_id, closing),
  FOREIGN KEY (contract_id, document_id) REFERENCES document (contract_id, id)
);

CREATE TABLE payoff_quote (
  contract_id  TEXT NOT NULL REFERENCES contract (id),
  event_seq    BIGINT NOT NULL,
  key          TEXT NOT NULL,
  good_through TEXT NOT NULL CHECK (length(good_through) = 10),
  total        BIGINT NOT NULL,
  code_hash    TEXT NOT NULL UNIQUE,   -- of the code by which a dealer or a buyer checks the letter
  document_id  TEXT NOT NULL,
  PRIMARY KEY (contract_id, event_seq),
  FOREIGN KEY (contract_id, document_id) REFERENCES document (contract_id, id)
);
CREATE UNIQUE INDEX payoff_quote_key ON payoff_quote (contract_id, key);

CREATE TABLE notice (
  id          TEXT PRIMARY KEY,
  once        TEXT NOT NULL UNIQUE,    -- what it is about, so that it is said once
  said_id     TEXT NOT NULL,           -- the first of the rows that say the same thing by several ways, the one in the inbox; '' for what has no place there
  customer_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  channel     TEXT NOT NULL CHECK (channel IN ('', 'email', 'text', 'portal', 'paper')), -- '' until it is chosen
  content     TEXT NOT NULL,           -- encrypted
  state       TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'expired')),
  attempts    BIGINT NOT NULL,
  try_at      BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,         -- 0 for never
  error       TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  sent_at     BIGINT NOT NULL,
  read_at     BIGINT NOT NULL,         -- in the inbox; 0 when it was not opened there
  resent      BIGINT NOT NULL CHECK (resent >= 0) -- how often its customer asked for it again
);
CREATE INDEX notice_queued ON notice (try_at) WHERE state = 'queued';
CREATE INDEX notice_customer ON notice (customer_id, created_at, id);
CREATE INDEX notice_said ON notice (said_id);

CREATE TABLE notice_try (              -- where a message went and what became of it there
  notice_id    TEXT NOT NULL REFERENCES notice (id),
  n            BIGINT NOT NULL,
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'text', 'paper')),
  masked       TEXT NOT NULL,          -- the address as it may be shown
  address_hash TEXT NOT NULL,          -- keyed
  copy         BIGINT NOT NULL,        -- 0, or which of those sent again
  at           BIGINT NOT NULL,
  outcome      TEXT NOT NULL CHECK (outcome IN ('sent', 'failed', 'expired', 'bounced')),
  reason       TEXT NOT NULL,
  PRIMARY KEY (notice_id, n)
);

CREATE TABLE notice_preference (       -- what a customer chose; the usual where there is no row
  customer_id TEXT NOT NULL REFERENCES customer (id),
  event_group TEXT NOT NULL,
  channel     TEXT NOT NULL CHECK (channel IN ('email', 'text')),
  wanted      BIGINT NOT NULL CHECK (wanted IN (0, 1)),
  set_at      BIGINT NOT NULL,
  PRIMARY KEY (customer_id, event_group, channel)
);

CREATE TABLE quiet_hours (             -- what a customer chose; the usual where there is no row
  customer_id TEXT PRIMARY KEY REFERENCES customer (id),
  zone        TEXT NOT NULL,
  from_minute BIGINT NOT NULL CHECK (from_minute >= 0 AND from_minute < 1440),
  to_minute   BIGINT NOT NULL CHECK (to_minute >= 0 AND to_minute < 1440),
  set_at      BIGINT NOT NULL
);

CREATE TABLE failing_address (         -- nothing sent there arrives
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'text')),
  address_hash TEXT NOT NULL,          -- keyed
  reason       TEXT NOT NULL,
  since        BIGINT NOT NULL,
  PRIMARY KEY (channel, address_hash)
);

CREATE TABLE text_stop (               -- numbers that have sent STOP, or the like
  number_hash TEXT PRIMARY KEY,        -- keyed
  word        TEXT NOT NULL,
  at          BIGINT NOT NULL
);

CREATE TABLE reminder (                -- what a contract's customers are to be told of by a day
  contract_id TEXT NOT NULL REFERENCES contract (id),
  kind        TEXT NOT NULL CHECK (kind IN ('due', 'maturity', 'mileage')),
  about       TEXT NOT NULL,           -- the due date, the lease's end or the day looked at
  look_on     TEXT NOT NULL,           -- next day on which it is looked at; '' when it is done with
  step        TEXT NOT NULL,           -- what is to be said then
  PRIMARY KEY (contract_id, kind, about)
);
CREATE INDEX reminder_look ON reminder (look_on, contract_id) WHERE look_on <> '';

CREATE TABLE mail_batch (              -- a file for the mail house
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  made_on    TEXT NOT NULL CHECK (length(made_on) = 10),
  made_at    BIGINT NOT NULL,
  pieces     BIGINT NOT NULL CHECK (pieces > 0),
  state      TEXT NOT NULL CHECK (state IN ('cut', 'dropped')),
  hash       TEXT NOT NULL,            -- SHA-256 of the file; '' until it is dropped
  size       BIGINT NOT NULL,
  dropped_at BIGINT NOT NULL,
  CHECK ((state = 'dropped') = (hash <> ''))
);

CREATE TABLE mail_piece (              -- a document that goes by mail, in one file and never in another
  id          TEXT PRIMARY KEY,
  contract_id TEXT NOT NULL,
  document_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  name        TEXT NOT NULL,           -- this and what follows: the address as it was then
  address     TEXT NOT NULL,           -- its lines
  batch_id    TEXT NOT NULL,           -- '' while it waits
  created_at  BIGINT NOT NULL,
  UNIQUE (contract_id, document_id),   -- a document is mailed once
  FOREIGN KEY (contract_id, document_id) REFERENCES document (contract_id, id)
);
CREATE INDEX mail_piece_waiting ON mail_piece (created_at, id) WHERE batch_id = '';
CREATE INDEX mail_piece_batch ON mail_piece (batch_id) WHERE batch_id <> '';

CREATE TABLE ach_file (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  date       TEXT NOT NULL,
  modifier   TEXT NOT NULL,
  content    TEXT NOT NULL,            -- encrypted
  hash       TEXT NOT NULL,
  entries    BIGINT NOT NULL,
  total      BIGINT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('cut', 'dropped')),
  created_at BIGINT NOT NULL,
  dropped_at BIGINT NOT NULL,
  UNIQUE (date, modifier)
);

CREATE INDEX ach_file_cut ON ach_file (id) WHERE state = 'cut';

CREATE TABLE ach_read (
  hash    TEXT PRIMARY KEY,            -- SHA-256 of the whole file
  name    TEXT NOT NULL,
  read_on TEXT NOT NULL,
  read_at BIGINT NOT NULL,
  entries BIGINT NOT NULL
);

CREATE TABLE ach_entry (
  trace       TEXT PRIMARY KEY,        -- given once, for ever
  file_id     TEXT NOT NULL REFERENCES ach_file (id),
  kind        TEXT NOT NULL CHECK (kind IN ('debit', 'retry', 'prenote', 'micro_credit', 'micro_debit', 'reversal')),
  contract_id TEXT NOT NULL,           -- '' for an entry that only tests an account
  payment_id  TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  method_id   TEXT NOT NULL,
  sec         TEXT NOT NULL CHECK (sec IN ('WEB', 'TEL', 'PPD')),
  amount      BIGINT NOT NULL CHECK (amount >= 0),
  effective   TEXT NOT NULL CHECK (length(effective) = 10),
  return_code TEXT NOT NULL,
  returned_on TEXT NOT NULL,
  CHECK ((return_code = '') = (returned_on = '')),
  CHECK ((kind IN ('debit', 'retry', 'reversal')) = (payment_id <> '')),
  CHECK ((kind IN ('prenote', 'micro_credit', 'micro_debit')) = (amount = 0)) -- what micro-entries bring is known to their receiver alone
);
CREATE UNIQUE INDEX ach_entry_once ON ach_entry (payment_id, kind) WHERE payment_id <> '';
CREATE INDEX ach_entry_method ON ach_entry (method_id) WHERE payment_id = '';
CREATE INDEX ach_entry_effective ON ach_entry (effective);
CREATE INDEX ach_entry_returned ON ach_entry (returned_on) WHERE returned_on <> '';
CREATE INDEX ach_entry_file ON ach_entry (file_id);
CREATE INDEX ach_entry_contract ON ach_entry (contract_id) WHERE contract_id <> '';

-- What a person must look at, opened once for each thing.
CREATE TABLE exception (
  id          TEXT PRIMARY KEY,
  once        TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL CHECK (kind IN ('unknown_return', 'return_differs', 'dishonored_return', 'contested_return', 'change', 'quarantined_entry',
    'unauthorized_return', 'late_return', 'returned_payment', 'reversal_failed', 'return_rate', 'settlement_difference', 'card_difference', 'dispute', 'unknown_charge', 'screened_payment', 'paper_not_set')),
  contract_id TEXT NOT NULL,
  payment_id  TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  reference   TEXT NOT NULL,
  code        TEXT NOT NULL,
  amount      BIGINT NOT NULL,
  reason      TEXT NOT NULL,
  content     TEXT NOT NULL,           -- encrypted
  opened_on   TEXT NOT NULL CHECK (length(opened_on) = 10),
  opened_at   BIGINT NOT NULL,
  cleared_by  TEXT NOT NULL,
  cleared_at  BIGINT NOT NULL,         -- 0 while open
  note        TEXT NOT NULL,
  CHECK ((cleared_at > 0) = (cleared_by <> '')),
  CHECK (cleared_at = 0 OR note <> '')
);
CREATE INDEX exception_open ON exception (id) WHERE cleared_at = 0;
CREATE INDEX exception_contract ON exception (contract_id) WHERE contract_id <> '';

-- What the bank's statement should show, written by the verb that makes it so.
-- Positive is money to us. match_id is '' while nothing answers to it.
CREATE TABLE expected_settlement (
  id        TEXT PRIMARY KEY,          -- what it is, so that it is expected once
  day       TEXT NOT NULL CHECK (length(day) = 10),
  rail      TEXT NOT NULL CHECK (rail IN ('ach', 'card')),
  kind      TEXT NOT NULL CHECK (kind IN ('drafts', 'reversals', 'tests', 'return', 'unknown', 'payout')),
  together  TEXT NOT NULL,             -- the file that the bank may post in one amount
  reference TEXT NOT NULL,             -- what the bank's line may name it by
  amount    BIGINT NOT NULL CHECK (amount <> 0),
  match_id  TEXT NOT NULL,
  made_at   BIGINT NOT NULL
);
CREATE INDEX expected_settlement_open ON expected_settlement (day) WHERE match_id = '';
CREATE INDEX expected_settlement_match ON expected_settlement (match_id) WHERE match_id <> '';
CREATE INDEX expected_settlement_day ON expected_settlement (day);

-- A day of an account as a file states it.
CREATE TABLE bank_statement (
  hash    TEXT NOT NULL,               -- SHA-256 of the whole file
  account TEXT NOT NULL,               -- last four digits
  as_of   TEXT NOT NULL CHECK (length(as_of) = 10),
  name    TEXT NOT NULL,
  opening BIGINT,                      -- NULL where the bank does not say
  closing BIGINT,
  lines   BIGINT NOT NULL,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (hash, account, as_of)
);
CREATE INDEX bank_statement_day ON bank_statement (as_of);

CREATE TABLE bank_line (
  id                 TEXT PRIMARY KEY, -- hash of what it says: the same line in another file is the same line
  hash               TEXT NOT NULL,    -- of the file that brought it first
  account            TEXT NOT NULL,
  day                TEXT NOT NULL CHECK (length(day) = 10),
  rail               TEXT NOT NULL CHECK (rail IN ('', 'ach', 'card')),
  amount             BIGINT NOT NULL CHECK (amount <> 0),
  code               TEXT NOT NULL,
  bank_reference     TEXT NOT NULL,
  customer_reference TEXT NOT NULL,
  words              TEXT NOT NULL,    -- encrypted: a wire names who sent it
  match_id           TEXT NOT NULL
);
CREATE INDEX bank_line_open ON bank_line (day) WHERE match_id = '';
CREATE INDEX bank_line_match ON bank_line (match_id) WHERE match_id <> '';
CREATE INDEX bank_line_day ON bank_line (day);

-- Which lines are which expected amounts. What is left over has an account and
-- somebody who said so.
CREATE TABLE settlement_match (
  id         TEXT PRIMARY KEY,
  rule       TEXT NOT NULL CHECK (rule IN ('reference', 'same_day', 'near_day', 'several_lines', 'person')),
  day        TEXT NOT NULL CHECK (length(day) = 10),
  rail       TEXT NOT NULL CHECK (rail IN ('', 'ach', 'card')),
  expected   BIGINT NOT NULL,
  received   BIGINT NOT NULL,
  difference BIGINT NOT NULL,
  account    TEXT NOT NULL,            -- of the ledger, or 'outside', that the difference goes to
  made_by    TEXT NOT NULL,
  made_at    BIGINT NOT NULL,
  note       TEXT NOT NULL,
  CHECK (difference = received - expected),
  CHECK ((difference <> 0) = (account <> '')),
  CHECK ((rule = 'person') = (note <> '')),
  CHECK (difference = 0 OR rule = 'person')
);
CREATE INDEX settlement_match_day ON settlement_match (day);

-- An owner is who signs in: "customer:ID" or "staff:ID".
CREATE TABLE login (
  owner         TEXT PRIMARY KEY,
  realm         TEXT NOT NULL CHECK (realm IN ('customer', 'staff')),
  username      TEXT NOT NULL,         -- as compared: one form, small letters
  password_hash TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  changed_at    BIGINT NOT NULL,       -- when the password was last set
  locked_at     BIGINT NOT NULL,       -- 0 while open
  lock_reason   TEXT NOT NULL,
  held_until    BIGINT NOT NULL,       -- bank accounts and contact data stay as they are until then
  factors_held_until BIGINT NOT NULL,  -- and so do the second factors
  stale         BIGINT NOT NULL CHECK (stale IN (0, 1)) -- the password is known to others and must be changed
);
CREATE UNIQUE INDEX login_name ON login (realm, username);
CREATE INDEX customer_email ON customer (LOWER(email));

-- Every second factor that was ever bound; rows are ended, never deleted.
CREATE TABLE authenticator (
  id         TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('passkey', 'totp', 'text', 'saved_code')),
  name       TEXT NOT NULL,            -- what its owner calls it
  secret     TEXT NOT NULL,            -- encrypted: a seed, a passkey, a telephone number
  lookup     TEXT NOT NULL,            -- keyed hash it is found by; '' when it is not
  counter    BIGINT NOT NULL,          -- newest step of an app, newest count of a passkey
  source     TEXT NOT NULL,            -- how it came to be bound
  added_at   BIGINT NOT NULL,
  used_at    BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL,          -- 0 while it works
  end_reason TEXT NOT NULL
);
CREATE INDEX authenticator_owner ON authenticator (owner, added_at);
CREATE UNIQUE INDEX authenticator_lookup ON authenticator (lookup) WHERE lookup <> '';

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,     -- what a page may name it by
  owner      TEXT NOT NULL,
  scope      TEXT NOT NULL CHECK (scope IN ('full', 'enrol', 'restore')),
  level      BIGINT NOT NULL CHECK (level IN (1, 2)),
  method     TEXT NOT NULL,            -- what was shown, in order
  factor_at  BIGINT NOT NULL,          -- when a second factor was last shown
  held_until BIGINT NOT NULL,
  device_id  TEXT NOT NULL,
  ip         TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  ends_at    BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL,
  end_reason TEXT NOT NULL
);
CREATE INDEX session_owner ON session (owner, created_at);

CREATE TABLE device (
  id            TEXT PRIMARY KEY,
  owner         TEXT NOT NULL,
  ip            TEXT NOT NULL,
  user_agent    TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  seen_at       BIGINT NOT NULL,
  trusted_until BIGINT NOT NULL,       -- stands for the second factor until then
  ended_at      BIGINT NOT NULL
);
CREATE INDEX device_owner ON device (owner);

-- A run through sign-in, activation or recovery, with what was proven so far.
CREATE TABLE flow (
  token_hash TEXT PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('activation', 'sign_in', 'desk', 'recovery', 'not_me')),
  owner      TEXT NOT NULL,            -- '' when nobody matched: the run looks the same
  goal       TEXT NOT NULL,
  proofs     TEXT NOT NULL,            -- by spaces
  detail     TEXT NOT NULL,            -- encrypted
  state      TEXT NOT NULL CHECK (state IN ('open', 'proven', 'done')),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX flow_owner ON flow (owner);

CREATE TABLE code (
  id         TEXT PRIMARY KEY,
  purpose    TEXT NOT NULL,
  binding    TEXT NOT NULL,            -- the run, the session or the agent it is good for
  owner      TEXT NOT NULL,            -- '' when nobody matched
  channel    TEXT NOT NULL CHECK (channel IN ('email', 'text')),
  hash       TEXT NOT NULL,            -- keyed
  sent_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);
CREATE INDEX code_binding ON code (purpose, binding);

-- Challenges that were answered, right or wrong: each is good for one answer.
CREATE TABLE spent (
  id         TEXT PRIMARY KEY,         -- keyed hash
  expires_at BIGINT NOT NULL
);

CREATE TABLE attempt (
  bucket TEXT PRIMARY KEY,             -- keyed hash of what is counted
  count  BIGINT NOT NULL,
  since  BIGINT NOT NULL,
  until  BIGINT NOT NULL               -- refused before this moment
);

-- Every try to get in, with what was noticed about it.
CREATE TABLE visit (
  id         TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  at         BIGINT NOT NULL,
  outcome    TEXT NOT NULL CHECK (outcome IN ('in', 'wrong_password', 'wrong_factor', 'waiting', 'refused', 'locked', 'recovery')),
  method     TEXT NOT NULL,
  signals    TEXT NOT NULL,            -- by spaces
  score      BIGINT NOT NULL,
  decision   TEXT NOT NULL,
  ip         TEXT NOT NULL,
  network    TEXT NOT NULL,
  device_id  TEXT NOT NULL,
  user_agent TEXT NOT NULL
);
CREATE INDEX visit_owner ON visit (owner, at);
CREATE INDEX visit_network ON visit (network, at);

CREATE TABLE contact_change (
  id          TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  kind        TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'address')),
  old_value   TEXT NOT NULL,           -- encrypted
  new_value   TEXT NOT NULL,           -- encrypted
  session     TEXT NOT NULL,           -- the session it was asked in
  asked_at    BIGINT NOT NULL,
  made_at     BIGINT NOT NULL          -- 0 until it was confirmed at the new place
);
CREATE INDEX contact_change_customer ON contact_change (customer_id, asked_at);

CREATE TABLE consent (
  id          TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  kind        TEXT NOT NULL CHECK (kind IN ('paperless', 'texts')),
  given       BIGINT NOT NULL CHECK (given IN (0, 1)),
  version     TEXT NOT NULL,
  text        TEXT NOT NULL,
  hash        TEXT NOT NULL,
  shown       TEXT NOT NULL,           -- how access was shown
  ip          TEXT NOT NULL,
  user_agent  TEXT NOT NULL,
  at          BIGINT NOT NULL
);
CREATE INDEX consent_customer ON consent (customer_id, at);

CREATE TABLE answer (
  owner    TEXT NOT NULL,
  question TEXT NOT NULL,
  hash     TEXT NOT NULL,              -- as passwords are kept
  set_at   BIGINT NOT NULL,
  PRIMARY KEY (owner, question)
);

CREATE TABLE staff (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'administrator', 'auditor')),
  state      TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  founder    BIGINT UNIQUE,            -- 1 for the first administrator, of whom there is one
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);

CREATE TABLE invite (
  token_hash TEXT PRIMARY KEY,
  staff_id   TEXT NOT NULL REFERENCES staff (id),
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL
);

-- Who was asked to prove to be a customer on the telephone, how, and whether it passed.
CREATE TABLE caller_check (
  id          TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  staff_id    TEXT NOT NULL REFERENCES staff (id),
  purpose     TEXT NOT NULL,
  method      TEXT NOT NULL CHECK (method IN ('text', 'email', 'prompt', 'questions')),
  state       TEXT NOT NULL CHECK (state IN ('asked', 'passed', 'failed', 'expired')),
  asked_at    BIGINT NOT NULL,
  passed_at   BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL
);
CREATE INDEX caller_check_customer ON caller_check (customer_id, asked_at);

-- What one person asked for and another must agree to.
CREATE TABLE approval (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  detail      TEXT NOT NULL,           -- what exactly; its hash is what is agreed to
  hash        TEXT NOT NULL,
  reason      TEXT NOT NULL,
  asked_by    TEXT NOT NULL,
  asked_at    BIGINT NOT NULL,
  decided_by  TEXT NOT NULL,
  decided_at  BIGINT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('asked', 'agreed', 'refused', 'used', 'expired')),
  expires_at  BIGINT NOT NULL,
  CHECK (decided_by <> asked_by OR decided_by = '')
);
CREATE INDEX approval_state ON approval (state, asked_at);

CREATE TABLE audit (
  id          TEXT PRIMARY KEY,
  at          BIGINT NOT NULL,
  actor       TEXT NOT NULL,
  action      TEXT NOT NULL,
  contract_id TEXT NOT NULL,
  subject     TEXT NOT NULL,           -- the customer it is about; '' for none but the contract's own
  reason      TEXT NOT NULL,
  detail      TEXT NOT NULL
);
CREATE INDEX audit_contract ON audit (contract_id, id);
CREATE INDEX audit_subject ON audit (subject, id);
CREATE INDEX audit_actor ON audit (actor, id);

CREATE TABLE audit_unsealed (          -- rows that are not in the chain yet
  audit_id TEXT PRIMARY KEY REFERENCES audit (id)
);

CREATE TABLE audit_chain (
  seq      BIGINT PRIMARY KEY,
  audit_id TEXT NOT NULL UNIQUE REFERENCES audit (id),
  hash     TEXT NOT NULL               -- SHA-256 of the hash before and the row, hexadecimal
);

-- +goose Down
DROP TABLE audit_chain;
DROP TABLE audit_unsealed;
DROP TABLE audit;
DROP TABLE approval;
DROP TABLE caller_check;
DROP TABLE invite;
DROP TABLE staff;
DROP TABLE answer;
DROP TABLE consent;
DROP TABLE contact_change;
DROP TABLE visit;
DROP TABLE attempt;
DROP TABLE spent;
DROP TABLE code;
DROP TABLE flow;
DROP TABLE device;
DROP TABLE session;
DROP TABLE authenticator;
DROP TABLE login;
DROP TABLE settlement_match;
DROP TABLE bank_line;
DROP TABLE bank_statement;
DROP TABLE expected_settlement;
DROP TABLE exception;
DROP TABLE ach_entry;
DROP TABLE ach_read;
DROP TABLE ach_file;
DROP TABLE mail_piece;
DROP TABLE mail_batch;
DROP TABLE reminder;
DROP TABLE text_stop;
DROP TABLE failing_address;
DROP TABLE quiet_hours;
DROP TABLE notice_preference;
DROP TABLE notice_try;
DROP TABLE notice;
DROP TABLE payoff_quote;
DROP TABLE statement;
DROP TABLE document_due;
DROP TABLE document_file;
DROP TABLE document;
DROP TABLE card_payout_line;
DROP TABLE card_payout;
DROP TABLE processor_event;
DROP TABLE refund;
DROP TABLE card_setup;
DROP TABLE card_charge;
DROP TABLE payment;
DROP TABLE autopay_notice;
DROP TABLE autopay;
DROP TABLE agreement_proof;
DROP TABLE agreement;
DROP TABLE method_move;
DROP TABLE account_check_try;
DROP TABLE account_check;
DROP TABLE payment_method;
DROP TABLE posting;
DROP TABLE entry;
DROP TABLE event;
DROP TABLE contract_party;
DROP TABLE contract;
DROP TABLE customer;
DROP TABLE setting;
