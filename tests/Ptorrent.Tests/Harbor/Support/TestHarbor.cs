using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Ptorrent.Harbor;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Network;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Harbor.Support;

/// <summary>A harbor in a folder of its own on a free port, and a client that speaks plain HTTP to it.</summary>
internal sealed class TestHarbor : IAsyncDisposable
{
    /// <summary>How long a test waits for what must come; generous, since machines that test are busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly byte[] Script = "export default x => x.index"u8.ToArray();

    private readonly HarborOptions _options;
    private readonly string _home;
    private ulong _lastJob = 1000;

    private TestHarbor(HarborOptions options, string home)
    {
        _options = options;
        _home = home;
    }

    public HarborHost Host { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public CollectedLog Log { get; } = new();

    public string Home => _home;

    public static async Task<TestHarbor> StartAsync(Func<HarborOptions, HarborOptions>? change = null)
    {
        string home = Directory.CreateTempSubdirectory("ptorrent-harbor-").FullName;
        HarborOptions options = new()
        {
            HomeDirectory = home,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Name = "test harbor",
        };
        TestHarbor harbor = new(change?.Invoke(options) ?? options, home);
        await harbor.BeginAsync();
        return harbor;
    }

    /// <summary>Stops the harbor and starts it again in the same home.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        await BeginAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(_home, recursive: true);
    }

    public async Task<Digest> PutAsync(byte[] content)
    {
        Digest digest = MerkleHasher.RootOf(content);
        using HttpResponseMessage answer = await Client.PutAsync(
            new Uri($"api/blobs/{digest}", UriKind.Relative), new ByteArrayContent(content));
        Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.StatusCode}");
        return digest;
    }

    /// <summary>A job over a range whose program is a script that is uploaded.</summary>
    public async Task<JobRequest> MakeJobAsync(long begin, long end, CombineKind combine = CombineKind.Lines) => new()
    {
        Id = new JobId(++_lastJob),
        Name = "a test",
        Program = new ProgramReference(ProgramKind.Script, await PutAsync(Script), Script.Length, "index.ts"),
        Over = new IndexRange(begin, end),
        Combine = combine,
    };

    public async Task<HttpResponseMessage> PostAsync(JobRequest job) => await Client.PostAsync(
        new Uri("api/jobs", UriKind.Relative),
        new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(job, ModelJson.Default.JobRequest)));

    public async Task<JobStatus> SubmitAsync(JobRequest job)
    {
        using HttpResponseMessage answer = await PostAsync(job);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(ModelJson.Default.JobStatus))!;
    }

    public async Task<Refusal> SubmitRefusedAsync(JobRequest job, HttpStatusCode status)
    {
        using HttpResponseMessage answer = await PostAsync(job);
        return await RefusalOfAsync(answer, status);
    }

    /// <summary>The refusal that an answer is.</summary>
    public static async Task<Refusal> RefusalOfAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize(text, ModelJson.Default.Refusal)!;
    }

    public async Task<JobStatus> StatusAsync(JobId id) =>
        (await Client.GetFromJsonAsync(new Uri($"api/jobs/{id}", UriKind.Relative), ModelJson.Default.JobStatus))!;

    public async Task<ImmutableArray<JobStatus>> ListAsync() => await Client.GetFromJsonAsync(
        new Uri("api/jobs", UriKind.Relative), ModelJson.Default.ImmutableArrayJobStatus);

    public async Task<NetworkStatus> NetworkAsync() =>
        (await Client.GetFromJsonAsync(new Uri("api/network", UriKind.Relative), ModelJson.Default.NetworkStatus))!;

    public async Task<HttpResponseMessage> DeleteAsync(JobId id) =>
        await Client.DeleteAsync(new Uri($"api/jobs/{id}", UriKind.Relative));

    /// <summary>The product, whole.</summary>
    public async Task<byte[]> ResultsAsync(JobId id)
    {
        using CancellationTokenSource patience = new(Patience);
        return await Client.GetByteArrayAsync(new Uri($"api/jobs/{id}/results", UriKind.Relative), patience.Token);
    }

    public async Task<string> TextAsync(JobId id) => Encoding.UTF8.GetString(await ResultsAsync(id));

    /// <summary>Follows a job's events until one fits.</summary>
    public async Task<JobStatus> WaitAsync(JobId id, Func<JobStatus, bool> fits, string what)
    {
        JobStatus? last = null;
        using CancellationTokenSource patience = new(Patience);
        try
        {
            await foreach (JobProgress progress in EventsAsync(id, patience.Token))
            {
                last = progress.Status;
                if (fits(last))
                {
                    return last;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }

        throw new InvalidOperationException($"{what} did not come; the job is {last}\n{Log.Text}");
    }

    public Task<JobStatus> WaitForEndAsync(JobId id) => WaitAsync(
        id, s => s.State is JobState.Accepted or JobState.Failed or JobState.Cancelled, "the end of the job");

    public async IAsyncEnumerable<JobProgress> EventsAsync(
        JobId id,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await using Stream stream =
            await Client.GetStreamAsync(new Uri($"api/jobs/{id}/events", UriKind.Relative), stop);
        using StreamReader reader = new(stream);
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                yield return JsonSerializer.Deserialize(line["data: ".Length..], ModelJson.Default.JobProgress)!;
            }
        }
    }

    public Task<FakeAgent> ConnectAsync(FakeAgentOptions? options = null) =>
        FakeAgent.ConnectAsync(Host.Address, Host.AccessKey, options ?? new FakeAgentOptions());

    private async Task BeginAsync()
    {
        Host = await HarborHost.StartAsync(_options, Log, CancellationToken.None);
        Client = new HttpClient { BaseAddress = Host.Address, Timeout = Patience };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Host.AccessKey);
    }

    private async Task EndAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        Assert.DoesNotContain(Host.AccessKey, Log.Text, StringComparison.Ordinal);
    }
}
