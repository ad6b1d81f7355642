using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Auditing;

/// <summary>
/// One request at the gate: it waits for its record, then goes on. By hand, because every request waits here, and what the compiler makes of <c>await</c> is allocated as soon as
/// more of them wait than there are threads (<c>alloc --targets gatewaykit,gatewaykit-guaranteed</c>). Belongs to the record of a request and is used again with it.
/// </summary>
internal sealed class AuditGate : IValueTaskSource<object?>
{
    private readonly AuditedRequest _request;
    private readonly Action _recorded, _passed;
    private ManualResetValueTaskSourceCore<object?> _result;
    private ConfiguredValueTaskAwaitable<bool>.ConfiguredValueTaskAwaiter _recording;
    private ConfiguredValueTaskAwaitable<object?>.ConfiguredValueTaskAwaiter _passing;
    private GatewayContext? _context;
    private EndpointFilterDelegate? _pass;
    private bool _isRequired;

    public AuditGate(AuditedRequest request) => (_request, _recorded, _passed) = (request, Recorded, Passed);

    /// <summary>Whether a request is there, or was left there by whoever was to wait for it.</summary>
    public bool IsPassing { get; private set; }

    /// <summary>Waits, and goes on.</summary>
    /// <param name="recording">The record on its way.</param>
    /// <param name="context">The request.</param>
    /// <param name="isRequired">Whether what lies behind the gate may not be reached without a record.</param>
    /// <param name="pass">What lies behind the gate.</param>
    /// <returns>What that answers, or a refusal. To be awaited once.</returns>
    public ValueTask<object?> PassAsync(ValueTask<bool> recording, GatewayContext context, bool isRequired, EndpointFilterDelegate pass)
    {
        _result.Reset();
        (_context, _isRequired, _pass, IsPassing) = (context, isRequired, pass, true);
        var result = new ValueTask<object?>(this, _result.Version);
        _recording = recording.ConfigureAwait(false).GetAwaiter();

        // With the context of the request, in which its trace is.
        _recording.OnCompleted(_recorded);
        return result;
    }

    object? IValueTaskSource<object?>.GetResult(short token)
    {
        IsPassing = false;
        return _result.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<object?>.GetStatus(short token) => _result.GetStatus(token);

    void IValueTaskSource<object?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    private void Recorded()
    {
        var (context, pass) = (_context!, _pass!);
        (_context, _pass) = (null, null);
        try
        {
            if (!_request.Conclude(_recording.GetResult(), _isRequired))
            {
                _result.SetResult(context.RefuseUnrecorded());
                return;
            }

#pragma warning disable CA2012 // Consumed once, in Passed().
            _passing = pass(context).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        }
#pragma warning disable CA1031 // It is thrown where it is awaited.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _request.GiveUp();
            _result.SetException(exception);
            return;
        }

        if (_passing.IsCompleted)
        {
            Passed();
        }
        else
        {
            _passing.UnsafeOnCompleted(_passed);
        }
    }

    private void Passed()
    {
        object? answer;
        try
        {
            answer = _passing.GetResult();
        }
#pragma warning disable CA1031 // It is thrown where it is awaited.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _result.SetException(exception);
            return;
        }

        _result.SetResult(answer);
    }
}
