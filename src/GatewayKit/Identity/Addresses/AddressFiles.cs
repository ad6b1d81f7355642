using GatewayKit.Pipeline;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Addresses;

/// <summary>
/// The files of addresses that policies name, each read once whatever number of endpoints go by it, and looked at again as long as one does. By their time and length, not
/// by the events of the file system, which folders of containers and networks do not have.
/// </summary>
internal sealed class AddressFiles : IDisposable
{
    /// <summary>How often they are looked at. A change counts at the second look that finds it.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly WeakMap<(string Path, bool MustNameSome), AddressFile> _known = new();
    private readonly ILogger<AddressFiles> _logger;
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isDisposed;

    public AddressFiles(TimeProvider time, ILogger<AddressFiles> logger, IHostEnvironment? host = null) =>
        (_time, _logger, _root) = (time, logger, host?.ContentRootPath ?? Directory.GetCurrentDirectory());

    /// <summary>The file of a path, read if it was not yet. A path that is not rooted begins in the content root.</summary>
    /// <param name="path">The path.</param>
    /// <param name="mustNameSome">Whether one without a line is no good. It is another file to whom it is good.</param>
    /// <param name="errors">What keeps it from being used.</param>
    public AddressFile Get(string path, bool mustNameSome, out IReadOnlyList<string> errors)
    {
        var full = Path.GetFullPath(path, _root);
        var file = _known.GetOrAdd((full, mustNameSome), () => new(full, mustNameSome, _logger));
        errors = file.Load();
        lock (_lock)
        {
            // One shot after the other: a slow disk must not pile up looks.
            if (_timer is null && !_isDisposed)
            {
                _timer = _time.CreateDetachedTimer(static state => ((AddressFiles)state!).Look(), this, Period, Timeout.InfiniteTimeSpan);
            }
        }

        return file;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        foreach (var file in _known.InUse)
        {
            file.Look();
        }

        lock (_lock)
        {
            if (!_isDisposed)
            {
                _timer!.Change(Period, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
