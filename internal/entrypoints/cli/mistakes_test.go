package cli_test

import (
	"os"
	"strings"
	"testing"
)

func TestMistakesAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.must(t, "batch add batch-2 LAMP 5 --eta 2026-12-01")
	s.must(t, "order allocate order-1 LAMP=3")
	before := s.must(t, "export -o ndjson events")
	for line, says := range map[string]string{
		"order ship order-1 LAMP --shipped 0":                             "--shipped is 0; it must lie between 1 and",
		"batch change batch-2 --eta=":                                     "that it has come, allot batch receive says",
		"batch change batch-2 --eta tomorrow":                             "write the day on which it comes",
		"allocate order-2 LAMP 1 --hold-until 2026-11-24T11:59:59Z":       "it must be later than now, 2026-11-24T12:00:00Z",
		"order allocate order-2 LAMP=1 --hold-until 2020-01-01T00:00:00Z": "it must be later than now",
		"events parked --inbound --subscription webhook-1":                "--inbound and --subscription are about different things",
		"events list --type alocated":                                     `"alocated" is no type of events`,
		"events list --after x":                                           `--after is "x"; it must be a whole number`,
		"events tail --after -5":                                          "--after is -5; it must be the position of an event, or 0",
		"events replay --subscription out-of-stock-notices":               "--from is missing",
		"events replay --subscription out-of-stock-notices --from 2":      "--to is missing",
		"available":                                           "SKU is missing",
		"available LAMP --qty abc":                            `--qty is "abc"; it must be a whole number`,
		"available LAMP --by soon":                            "--by:",
		"order allocate":                                      "ORDER is missing",
		"order allocate order-2":                              "SKU=QTY is missing",
		"batch list --limit -1":                               "--limit is -1; it must be at least 0",
		"inbox drop --every x":                                `--every is "x"; it must be a time with its unit`,
		"inbox drop --every 0s":                               "--every is 0s; it must be more than 0s",
		"late --as-of someday":                                "--as-of:",
		"sync . elsewhere --state ./state":                    "is in ., which is synced",
		"sync nowhere elsewhere --state elsewhere/deep/state": "is in elsewhere, which is synced",
	} {
		s.fails(t, line, 2, says)
	}
	if after := s.must(t, "export -o ndjson events"); after != before {
		t.Errorf("something was written: %s", after)
	}
}

func TestAnOrderOfWhichNoLineIsAcceptedIsRefusedAsItsLineWouldBe(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.fails(t, "order allocate order-1 A=B=1", 3, `"A=B"`)
	s.fails(t, "order allocate order-1 LAMP=6 --hold-until 2026-12-24T12:00:00Z", 4, "can take 6 units", "leave out --hold-until")
	s.fails(t, "allocate order-1 LAMP 6 --hold-until 2026-12-24T12:00:00Z --or-reject", 4, "leave out --or-reject and --hold-until")
	s.fails(t, "order allocate order-1 LAMP=1 RUG=1", 6, "the other lines were accepted")
}

func TestACommandThatAnEmptyShopRefusesMakesNoDatabase(t *testing.T) {
	s := newShell(t)
	s.fails(t, "allocate order-1 LAMP 1 --data typo", 3, "LAMP")
	if _, err := os.Stat("typo"); !os.IsNotExist(err) {
		t.Errorf("the directory is there: %v", err)
	}
}

func TestAClosedBatchIsShownAsSuch(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.must(t, "batch close batch-1")
	for line, says := range map[string]string{
		"batch close batch-1":    "\tclosed\n",
		"batch list":             "\tclosed\n",
		"batch show batch-1":     "5 left, but it is closed",
		"product show LAMP":      "in closed batches: 5 units",
		"available LAMP --qty 6": "none can take 6",
	} {
		if out := s.must(t, line); !strings.Contains(out, says) {
			t.Errorf("%s prints %s", line, out)
		}
	}
}

func TestTheVersionFlagSaysWhatTheVersionCommandSays(t *testing.T) {
	s := newShell(t)
	if flag, command := s.must(t, "--version"), s.must(t, "version"); flag != command {
		t.Errorf("--version says %s, version says %s", flag, command)
	}
}

func TestQuietCommandsPrintOnlyWhatWentWrong(t *testing.T) {
	s := newShell(t)
	for _, line := range []string{"batch add batch-1 LAMP 5", "allocate order-1 LAMP 2", "batch show batch-1", "batch close batch-1", "product show LAMP", "verify"} {
		if r := s.run(t, line+" -q"); r.exit != 0 || r.out+r.err != "" {
			t.Errorf("%s: exit %d, %s%s", line, r.exit, r.out, r.err)
		}
	}
	if out := s.must(t, "batch list -q -o name"); out != "batch-1\n" {
		t.Errorf("a list that was asked for by name is %q", out)
	}
	s.fails(t, "batch show batch-2 -q", 3, "batch-2")
}

func TestYesIsNotEnoughWhereALineLosesItsStock(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.must(t, "allocate order-1 LAMP 5")
	s.fails(t, "batch change batch-1 --qty 1 --yes", 2, "--yes is not enough", "pass --confirm 1")
}

func TestWebhooksOfAServerThatWantsTokens(t *testing.T) {
	s := newShell(t)
	admin := strings.TrimSpace(s.must(t, "token create boss --scope admin"))
	server := s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	s.must(t, "webhook add https://shop.example/ours") // the key of the data directory opens it
	s.fails(t, "webhook list --data other --server "+server.url, 7, "ALLOT_TOKEN")
	s.env["ALLOT_TOKEN"] = admin
	s.must(t, "webhook add https://shop.example/theirs --data other --server "+server.url)
	if out := s.must(t, "webhook list --data other --server "+server.url); !strings.Contains(out, "/ours") || !strings.Contains(out, "/theirs") {
		t.Errorf("listed is %s", out)
	}
	s.must(t, "webhook delete 1 --data other --server "+server.url)
	s.fails(t, "webhook delete 1 --data other --server "+server.url, 3, "allot webhook list lists the webhooks")
}

func TestATroubleWithFilesSaysWhatToDoNext(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source", "dest")
	for line, says := range map[string]string{
		"sync source nowhere/deep":       "hint: check the name",
		"sync nowhere dest":              "hint: check the name",
		"import nowhere.csv --as orders": "hint: check the name",
		"csv nowhere":                    "hint: check the name",
		"inbox nowhere":                  "hint: check the name",
	} {
		s.fails(t, line, 1, says)
	}
}

func TestWhatWasCancelledAlreadyIsSaidToBeSo(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.must(t, "allocate order-1 LAMP 2")
	s.must(t, "order cancel order-1 --yes")
	if r := s.run(t, "order cancel order-1 --yes"); r.exit != 0 || !strings.Contains(r.err, "nothing changed") {
		t.Errorf("exit %d: %s", r.exit, r.err)
	}
}

func TestWhatOnlySomeHaveIsShownWhereItIs(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 5")
	s.must(t, "allocate order-1 LAMP 2")
	for _, line := range []string{"order show order-1", "product show LAMP"} {
		if out := s.must(t, line); strings.Contains(out, "SHIPPED") || strings.Contains(out, "LOCATION") {
			t.Errorf("%s has columns with nothing in them: %s", line, out)
		}
	}
	s.must(t, "order ship order-1 LAMP --shipped 1")
	if out := s.must(t, "order show order-1"); !strings.Contains(out, "SHIPPED") || strings.Contains(out, "HELD") {
		t.Errorf("what was shipped isn't shown, or what isn't held is: %s", out)
	}
	s.must(t, "batch change batch-1 --location north --yes")
	if out := s.must(t, "product show LAMP"); !strings.Contains(out, "north") {
		t.Errorf("where the batch lies isn't shown: %s", out)
	}
	if out := s.must(t, "batch list --output csv"); !strings.HasSuffix(out, ",location,use_by\nbatch-1,LAMP,5,1,3,,false,north,\n") {
		t.Errorf("as CSV it is %s", out)
	}
}
