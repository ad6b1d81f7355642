using System.Reflection;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Secrets;

public sealed class SecretTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Keeper _keeper = new();

    // On the pool nobody would catch it, and the process would end.
    [Fact]
    public async Task Provider_that_throws_takes_nothing_away_and_says_nothing_of_the_secret()
    {
        var log = new Lines();
        var secret = Reader(log).Open(SecretReference.Parse("config:Key"));
        Assert.Equal("value", secret.Value);
        _keeper.Failure = new InvalidOperationException("canary");
        for (var i = 0; i < 3; i++)
        {
            var reads = _keeper.Reads;
            await UntilAsync(() => IsReadAgain(secret, reads));
        }

        await UntilAsync(() => log.Written.Contains("InvalidOperationException", StringComparison.Ordinal));
        Assert.DoesNotContain("canary", log.Written, StringComparison.Ordinal);
    }

    [Fact]
    public void Reference_opens_the_secret_of_a_host_and_shows_its_place_alone()
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Key", "canary")]).Build()).AddLogging();
        services.AddApiGateway();
        using var host = services.BuildServiceProvider();
        var secret = SecretReference.Parse("config:Key").Open(host);
        Assert.Equal("canary", secret.Value);
        Assert.Same(secret, SecretReference.Parse("config:Key").Open(host));
        Assert.Equal("config:Key", $"{secret}");
        Assert.Null(SecretReference.Parse("config:Other").Open(host).Value);
    }

    [Fact]
    public async Task Log_that_throws_does_not_end_the_process()
    {
        var secret = Reader(new Lines { Failure = new InvalidOperationException() }).Open(SecretReference.Parse("config:Key"));
        _keeper.Failure = new InvalidOperationException("canary");
        for (var i = 0; i < 3; i++)
        {
            var reads = _keeper.Reads;
            await UntilAsync(() => IsReadAgain(secret, reads));
        }
    }

    [Fact]
    public void Provider_that_throws_at_the_start_is_told_by_the_type_of_what_it_throws()
    {
        _keeper.Failure = new InvalidOperationException("canary");
        Assert.Null(Reader().Read(SecretReference.Parse("config:Key"), out var problem));
        Assert.Equal("What has config:Key failed (InvalidOperationException).", problem);
    }

    [Fact]
    public async Task Secret_that_is_far_away_holds_up_nobody_else()
    {
        using var gate = new ManualResetEventSlim();
        _keeper.Gate = gate;
        var reader = Reader();
        var far = Task.Run(() => reader.Open(SecretReference.Parse("config:Far")), TestContext.Current.CancellationToken);
        await UntilAsync(() => _keeper.Reads > 0);
        try
        {
            var near = Task.Run(() => reader.Open(SecretReference.Parse("config:Key")), TestContext.Current.CancellationToken);
            Assert.Equal("value", (await near.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Value);
        }
        finally
        {
            gate.Set();
        }

        await far;
    }

    [Fact]
    public async Task Request_does_not_wait_for_a_key_for_ever_and_finds_it_when_it_is_there()
    {
        using var gate = new ManualResetEventSlim();
        _keeper.Gate = gate;
        var keys = new VerificationKeys(Reader(), _time);
        var key = new ConsumerSigningKey { Id = "k", Algorithm = SigningAlgorithm.HmacSha256, Secret = SecretReference.Parse("config:Far") };
        try
        {
            var waiting = keys.GetAsync(key, TestContext.Current.CancellationToken).AsTask();
            Assert.False(waiting.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.Null(await waiting);
        }
        finally
        {
            gate.Set();
        }

        Assert.NotNull(await keys.GetAsync(key, TestContext.Current.CancellationToken));
    }

    // What the compiler writes for a record would print what is in it.
    [Fact]
    public void What_holds_a_secret_does_not_print_it()
    {
        var holders = typeof(Secret).Assembly.GetTypes().Where(static type => type.Name is "Made" or "Written" && type.GetProperty("Of")?.PropertyType == typeof(string)).ToArray();
        Assert.InRange(holders.Length, 3, 10);
        foreach (var holder in holders)
        {
            var made = holder.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Single(static one => one.GetParameters().Length == 2).Invoke(["canary", null]);
            Assert.DoesNotContain("canary", made.ToString(), StringComparison.Ordinal);
        }
    }

    private SecretReader Reader(ILogger<SecretReader>? log = null) => new(_time, log ?? NullLogger<SecretReader>.Instance, new ConfigurationBuilder().Add(_keeper).Build());

    // One look may still be under way, and the next is due a while after its end.
    private bool IsReadAgain(Secret secret, int reads)
    {
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("value", secret.Value);
        return _keeper.Reads > reads;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Yield();
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private sealed class Keeper : ConfigurationProvider, IConfigurationSource
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public Exception? Failure { get; set; }

        /// <summary>What the key <c>Far</c> waits for.</summary>
        public ManualResetEventSlim? Gate { get; set; }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public override bool TryGet(string key, out string? value)
        {
            Interlocked.Increment(ref _reads);
            if (key is "Far")
            {
                Gate?.Wait(TimeSpan.FromSeconds(60));
            }

            value = key is "Key" ? "value" : key is "Far" ? new string('s', 32) : null;
            return Failure is { } failure ? throw failure : value is not null;
        }
    }

    private sealed class Lines : ILogger<SecretReader>
    {
        private readonly Lock _lock = new();
        private string _written = string.Empty;

        public Exception? Failure { get; init; }

        public string Written
        {
            get
            {
                lock (_lock)
                {
                    return _written;
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Failure is { } failure)
            {
                throw failure;
            }

            lock (_lock)
            {
                _written += formatter(state, exception) + exception;
            }
        }
    }
}
