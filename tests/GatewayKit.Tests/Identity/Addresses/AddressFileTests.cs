using System.Net;
using GatewayKit.Identity.Addresses;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Addresses;

/// <summary>Files of addresses: what they may hold, and when a change of one counts.</summary>
public sealed class AddressFileTests : IDisposable
{
    private static readonly IPAddress Listed = IPAddress.Parse("10.1.2.3");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.1");

    private readonly string _folder = Directory.CreateTempSubdirectory("gatewaykit-addresses-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly Lines _logger = new();
    private readonly AddressFiles _files;
    private int _writes;

    public AddressFileTests() => _files = new(_time, _logger);

    [Fact]
    public void Comments_and_empty_lines_say_nothing()
    {
        var file = Get("# partners\r\n\r\n10.0.0.0/8 # the office\n  2001:db8::/32\n192.0.2.9\n", out var errors);
        Assert.Empty(errors);
        Assert.Equal(3, file.Table!.Count);
    }

    [Fact]
    public void Lines_that_say_the_same_are_one()
    {
        var file = Get("10.0.0.0/8\n10.1.0.0/16\n10.0.0.0/8\n", out var errors);
        Assert.Empty(errors);
        Assert.Equal(1, file.Table!.Count);
    }

    [Fact]
    public void Each_line_that_is_wrong_is_named()
    {
        var file = Get("10.0.0.0/8\n10.0.0.1/8\nlocalhost\n10.0.0.0/33\n010.0.0.1\n", out var errors);
        Assert.Null(file.Table);
        Assert.Equal(
            [
                "Line 2: '10.0.0.1/8' is not how the network is written. If it is the one that is meant, write \"10.0.0.0/8\".",
                "Line 3: 'localhost' is not a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", or an address.",
                "Line 4: '10.0.0.0/33' is not a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", or an address.",
                "Line 5: '010.0.0.1' is not how the network is written. If it is the one that is meant, write \"8.0.0.1/32\".",
            ],
            errors);
    }

    [Fact]
    public void Of_many_wrong_lines_ten_are_named_and_the_rest_counted()
    {
        Get(string.Concat(Enumerable.Repeat("x\n", 15)), out var errors);
        Assert.Equal(11, errors.Count);
        Assert.Equal("5 more lines are wrong.", errors[^1]);
    }

    [Fact]
    public void A_file_that_must_name_some_and_names_none_is_no_good()
    {
        File.WriteAllText(PathOf("a"), "# nobody\n");
        _files.Get(PathOf("a"), mustNameSome: true, out var errors);
        Assert.Equal(["No line names a network, and nobody could pass."], errors);
        _files.Get(PathOf("a"), mustNameSome: false, out errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error()
    {
        var file = _files.Get(PathOf("absent"), mustNameSome: false, out var errors);
        Assert.Null(file.Table);
        Assert.Contains(PathOf("absent"), Assert.Single(errors));
    }

    [Fact]
    public void A_change_counts_once_it_was_seen_twice()
    {
        var file = Get("10.0.0.0/8\n", out _);
        Write("192.0.2.0/24\n");
        Look();
        Assert.True(file.Table!.Contains(Listed));
        Look();
        Assert.False(file.Table!.Contains(Listed));
        Assert.True(file.Table!.Contains(Other));
        Assert.Equal(LogLevel.Information, Assert.Single(_logger.Written).Level);
    }

    [Fact]
    public void What_is_still_being_written_does_not_count()
    {
        var file = Get("10.0.0.0/8\n", out _);
        var before = file.Table;
        for (var i = 1; i < 5; i++)
        {
            Write(string.Concat(Enumerable.Range(0, i).Select(static line => $"192.0.{line}.0/24\n")));
            Look();
            Assert.Same(before, file.Table);
        }

        Look();
        Assert.True(file.Table!.Contains(IPAddress.Parse("192.0.3.1")));
    }

    [Theory]
    [InlineData("10.0.0.0/8\nnonsense\n")]
    [InlineData("")]
    [InlineData(null)]
    public void A_bad_file_keeps_the_last_good_one_and_is_told_once(string? content)
    {
        var file = Get("10.0.0.0/8\n", out _);
        var before = file.Table;
        Write(content);
        for (var looks = 0; looks < 5; looks++)
        {
            Look();
        }

        Assert.Same(before, file.Table);
        var told = Assert.Single(_logger.Written);
        Assert.Equal(LogLevel.Error, told.Level);
        Assert.Contains(PathOf("a"), told.Text);

        Write("192.0.2.0/24\n");
        Look();
        Look();
        Assert.True(file.Table!.Contains(Other));
    }

    // Kubernetes: the file is a link into a folder that is a link, and only that one is exchanged.
    [Fact]
    public void A_change_behind_links_is_seen()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var (folder, content) in new[] { ("one", "10.0.0.0/8\n"), ("two", "192.0.2.0/24\n") })
        {
            Directory.CreateDirectory(PathOf(folder));
            File.WriteAllText(Path.Combine(PathOf(folder), "list"), content);
        }

        File.SetLastWriteTimeUtc(Path.Combine(PathOf("two"), "list"), new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.CreateSymbolicLink(PathOf("data"), PathOf("one"));
        File.CreateSymbolicLink(PathOf("list"), Path.Combine(PathOf("data"), "list"));
        var file = _files.Get(PathOf("list"), mustNameSome: true, out _);
        Directory.Delete(PathOf("data"));
        Directory.CreateSymbolicLink(PathOf("data"), PathOf("two"));
        Look();
        Look();
        Assert.True(file.Table!.Contains(Other));
    }

    [Fact]
    public void One_path_is_one_file() =>
        Assert.Same(Get("10.0.0.0/8\n", out _), _files.Get(Path.Combine(_folder, "x", "..", "a"), mustNameSome: true, out _));

    public void Dispose()
    {
        _files.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private AddressFile Get(string content, out IReadOnlyList<string> errors)
    {
        File.WriteAllText(PathOf("a"), content);
        return _files.Get(PathOf("a"), mustNameSome: true, out errors);
    }

    // With a time of its own, whatever the clock of the file system can tell apart.
    private void Write(string? content)
    {
        if (content is null)
        {
            File.Delete(PathOf("a"));
            return;
        }

        File.WriteAllText(PathOf("a"), content);
        File.SetLastWriteTimeUtc(PathOf("a"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(++_writes));
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Look() => _time.Advance(AddressFiles.Period);

    private sealed class Lines : ILogger<AddressFiles>
    {
        public List<(LogLevel Level, string Text)> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add((logLevel, formatter(state, exception)));
    }
}
