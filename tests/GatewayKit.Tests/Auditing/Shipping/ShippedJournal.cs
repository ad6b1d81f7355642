using System.Globalization;
using System.Text.Json;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Diagnostics;
using GatewayKit.Tests.Auditing.Journal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Auditing.Shipping;

/// <summary>A journal in a directory of its own, its shippers, and as many boots of both as a test wants.</summary>
/// <param name="folder">The directory; <see langword="null"/> for one of its own.</param>
/// <param name="alternate">Where the journal goes on when its disk has failed.</param>
internal sealed class ShippedJournal(JournalFolder? folder = null, string? alternate = null) : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<ShippingMetrics>().BuildServiceProvider();

    public JournalFolder Folder { get; } = folder ?? new();

    public AuditJournal Journal { get; private set; } = null!;

    public AuditShippers Shippers { get; private set; } = null!;

    public string Shipping => Path.Combine(Folder.Root, "one", "shipping");

    public static AuditSinkOptions Quick { get; } = new() { Interval = TimeSpan.FromMilliseconds(10) };

    public ShippedJournal Open(IAuditSink sink, AuditSinkOptions? options = null, TimeProvider? time = null, JournalOptions? journal = null)
    {
        Journal = Folder.Open(journal);
        Shippers = new(
            [new("copy", _ => sink, options ?? Quick)], _services, instance => new(Folder.Root, alternate, instance), _services.GetRequiredService<ShippingMetrics>(), time ?? TimeProvider.System,
            NullLogger<AuditShippers>.Instance);
        Shippers.Start(Journal);
        return this;
    }

    public void Write(int count, int bytes = 0)
    {
        for (var number = 0; number < count; number++)
        {
            Journal.Append(Journal.NewEvent("test", json =>
            {
                json.WriteNumber("number"u8, number);
                json.WriteString("text"u8, new string('x', bytes));
            }));
        }
    }

    public async Task StopAsync()
    {
        await Journal.DisposeAsync();
        await Shippers.StopAsync();
        Shippers.Dispose();
    }

    /// <summary>All lines that are on the disk, by boot and number.</summary>
    public IReadOnlyList<string> Written() =>
    [
        .. Directory.GetDirectories(Path.Combine(Folder.Root, "one")).Where(static folder => Guid.TryParse(Path.GetFileName(folder), out _))
            .OrderBy(static folder => Guid.Parse(Path.GetFileName(folder)))
            .SelectMany(static boot => Directory.GetFiles(boot, "*.gkal*").Order(StringComparer.Ordinal))
            .SelectMany(static segment => JournalFolder.Text(segment).Split('\n', StringSplitOptions.RemoveEmptyEntries)),
    ];

    public IReadOnlyList<JsonElement> DeadLetters() =>
        Path.Combine(Shipping, "copy.dead") is var path && File.Exists(path) ? [.. File.ReadAllLines(path).Select(static line => JsonElement.Parse(line))] : [];

    public static long SequenceOf(string line) => long.Parse(line[(line.LastIndexOf("\"seq\":", StringComparison.Ordinal) + 6)..].Split(',')[0], CultureInfo.InvariantCulture);

    public static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!isSo())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        await _services.DisposeAsync();
        if (folder is null)
        {
            Folder.Dispose();
        }
    }
}
