using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Ptorrent.Harbor.Admission;
using Ptorrent.Harbor.Api;
using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.Deliveries;
using Ptorrent.Harbor.Hosting;
using Ptorrent.Harbor.Links;
using Ptorrent.Harbor.Products;
using Ptorrent.Harbor.Retention;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor;

/// <summary>A harbor that runs in this process.</summary>
public sealed class HarborHost : IAsyncDisposable
{
    private readonly DisposalStack _made = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HarborOptions _options;
    private readonly ILoggerFactory _logging;

    private HarborHost(HarborOptions options, ILoggerFactory logging)
    {
        _options = options;
        _logging = logging;
    }

    /// <summary>Where it listens, with the port that it really has.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>The secret that opens its interface. Never to be logged.</summary>
    public string AccessKey { get; private set; } = string.Empty;

    /// <summary>Which harbor it is.</summary>
    public HarborId Id { get; private set; }

    /// <summary>Where agents' links end, whatever carries them; set once it runs.</summary>
    internal LinkEndpoint Links { get; private set; } = null!;

    /// <summary>Who tidies the home; set once it runs.</summary>
    internal HomeKeeper Keeper { get; private set; } = null!;

    /// <summary>Ends when the harbor stops; faults where a bug or a broken database stopped it. Then it answers nothing
    /// any more and is to be disposed of.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Starts a harbor. Jobs of an earlier life go on.</summary>
    /// <param name="options">How to run it.</param>
    /// <param name="loggerFactory">Takes what it logs; stays the caller's.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="RefusedException">The options break a rule, the home has a harbor already, or the port is in
    /// use. </exception>
    /// <exception cref="Model.PtorrentException">The home cannot be read or written.</exception>
    public static async Task<HarborHost> StartAsync(
        HarborOptions options,
        ILoggerFactory loggerFactory,
        CancellationToken cancellationToken)
    {
        options.Validate();
        HarborHost host = new(options, loggerFactory);
        try
        {
            await host.StartAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops: takes no more requests, ends links, stores what came back, and leaves the home.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _made.DisposeAsync();
        _stop.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        HomeLock home = _made.Add(HomeLock.Take(_options.HomeDirectory));
        AccessKey key = await Api.AccessKey.LoadAsync(home.Folder, cancellationToken);
        HarborDatabase database = _made.Add(HarborDatabase.Open(home.Folder));
        HarborReader reader = _made.Add(new HarborReader(database));
        BlobStore blobs =
            _made.Add(new BlobStore(home.Folder, _options.BlobBytesMax, _logging.CreateLogger<BlobStore>()));
        ProductReader products = new(reader, blobs);
        FolderDelivery folders = new(home.Folder, products);
        HarborLoop loop = _made.Add(MakeLoop(database, reader, products, folders));
        await loop.StartAsync(reader.ReadOpenJobs().Select(s => (JobAdmission.Prepare(s.Request, s.RequestJson), s)));

        WebApplication web = _made.Add(WebServer.Build(_options.Listen, _logging));
        RefusalAnswers refusals = new(_logging.CreateLogger<RefusalAnswers>());
        AccessGuard guard =
            new(key, _options.Listen.Address.ToString(), _options.Time, _logging.CreateLogger<AccessGuard>());
        web.Use(next => context => refusals.InvokeAsync(context, next));
        web.Use(next => context => guard.InvokeAsync(context, next));
        web.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });

        JobLookup jobs = new(loop, reader);
        JobAdmission admission = new(_options, blobs, new ProgramCheck(blobs), reader, folders);
        LinkEndpoint links = new(
            loop, blobs, database.Id, _options.Name, _options.Time, _logging.CreateLogger<LinkEndpoint>());
        ProductAnswers answers = new(reader, products, _logging.CreateLogger<ProductAnswers>(), _stop.Token);
        new JobsApi(loop, admission, jobs, answers, _options.JobRequestBytesMax).Map(web);
        new ResultsApi(loop, reader, answers).Map(web);
        new EventsApi(loop, jobs, _options.Time, _stop.Token).Map(web);
        new BlobsApi(blobs, _options.BlobBytesMax).Map(web);
        new SourcesApi(blobs, new PieceSwarms(_options.Time), _stop.Token).Map(web);
        new NetworkApi(loop, links, _stop.Token).Map(web);

        Id = database.Id;
        Links = links;
        AccessKey = key.Text;
        Completion = loop.Completion;
        Address = await WebServer.ListenAsync(web, _options.Listen, cancellationToken);
        Keeper = _made.Add(new HomeKeeper(_options, loop, reader, blobs, _logging.CreateLogger<HomeKeeper>()));
        await home.PublishAsync(Address, cancellationToken);
    }

    private HarborLoop MakeLoop(
        HarborDatabase database,
        HarborReader reader,
        ProductReader products,
        FolderDelivery folders)
    {
        RecordWriter writer = _made.Add(new RecordWriter(database.ConnectToWrite(_options.DatabaseBytesMax)));
        WebhookDelivery webhooks =
            _made.Add(new WebhookDelivery(products, _options.Time, _logging.CreateLogger<WebhookDelivery>()));
        HarborState state = new(database.Id, _options.Name, database.Epoch, reader.LastJobNumber());
        foreach ((AgentId agent, double slotRate) in reader.ReadRates())
        {
            state.RestoreRate(agent, slotRate);
        }

        return new HarborLoop(
            state,
            changed => new StorageWriter(
                writer.WriteAll, changed, _options.Time, _logging.CreateLogger<StorageWriter>()),
            reader,
            loop => new DeliveryRunner(loop, reader, folders, webhooks, _logging.CreateLogger<DeliveryRunner>()),
            _options.Time,
            _logging.CreateLogger<HarborLoop>());
    }
}
