package bootstrap

import (
	"context"
	"iter"
	"math"

	"allot/internal/adapters/csvfiles"
	"allot/internal/adapters/memory"
	"allot/internal/csvrows"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// BadRow is a row of a CSV file that can't be used.
type BadRow = csvfiles.BadRow

// BadRows is the error that there are rows which can't be used.
type BadRows = csvfiles.BadRows

// CSVShop is an App over the CSV files in a folder, as the book's appendix has it.
type CSVShop struct {
	*App
	Skipped []BadRow          // of batches.csv
	Unknown []csvrows.Unknown // columns of batches.csv that mean nothing to us
	files   *csvfiles.Store
}

// OpenCSV puts an App together over the CSV files in a folder. Rows of
// batches.csv that can't be used are left out if skip is set; else they are a
// *BadRows, as all others are.
func OpenCSV(ctx context.Context, folder string, skip bool, o Options) (*CSVShop, error) {
	files, skipped, err := csvfiles.Open(ctx, folder, memory.New(), skip)
	if err != nil {
		return nil, err
	}
	shop := &CSVShop{App: New(files, o), Skipped: skipped, Unknown: files.Unknown, files: files}
	shop.Bus.FillAtMost(math.MaxInt) // the files can't say that a product is filling
	service.OnCommand(shop.Bus, serveBackorders, func(c fill) service.About { return service.About{SKU: c.SKU} })
	return shop, nil
}

// Complete writes the files that are written even if there is nothing in them.
func (s *CSVShop) Complete() error { return s.files.Complete() }

// fill is the command to give those who wait what there is: batches come by way
// of their file, without a command that would say so.
type fill struct {
	domain.Origin
	SKU string
}

func (fill) CommandName() string { return "fill_backorders" }
func (fill) Validate() error     { return nil }
func (fill) Returns(struct{})    {}

func serveBackorders(ctx context.Context, uow *service.UnitOfWork, c fill) (struct{}, error) {
	return struct{}{}, service.FillBackorders(ctx, uow, domain.StockAvailable{SKU: c.SKU, Cause: domain.BatchArrived})
}

// Fills are the commands that serve all who wait. They go first: who waits is
// older than who comes.
func (s *CSVShop) Fills(ctx context.Context, origin domain.Origin) (commands []domain.Message, _ error) {
	seen := map[string]bool{}
	for line, err := range backorders(ctx, s.Store) {
		if err != nil {
			return nil, err
		}
		if !seen[line.SKU] {
			seen[line.SKU] = true
			commands = append(commands, fill{origin, line.SKU})
		}
	}
	return commands, nil
}

func backorders(ctx context.Context, store views.Reader) iter.Seq2[views.Line, error] {
	return func(yield func(views.Line, error) bool) {
		for page := (views.Page{Limit: views.MaxPage}); ; {
			list, err := store.Backorders(ctx, "", page)
			if err != nil {
				yield(views.Line{}, err)
				return
			}
			for _, line := range list.Items {
				if !yield(line, nil) {
					return
				}
			}
			if page.After = list.Next; page.After == "" {
				return
			}
		}
	}
}
