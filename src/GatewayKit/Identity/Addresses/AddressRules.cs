using System.Net;

namespace GatewayKit.Identity.Addresses;

/// <summary>What an address policy says, ready for requests.</summary>
internal sealed class AddressRules
{
    private readonly AddressTable? _allow, _deny;
    private readonly AddressFile? _allowFile, _denyFile;

    public AddressRules(AddressPolicy policy, AddressFiles files)
    {
        _allow = policy.Allow.Count == 0 ? null : AddressTable.From(policy.Allow);
        _deny = policy.Deny.Count == 0 ? null : AddressTable.From(policy.Deny);
        _allowFile = policy.AllowFile is { } allowed ? files.Get(allowed, mustNameSome: true, out _) : null;
        _denyFile = policy.DenyFile is { } denied ? files.Get(denied, mustNameSome: false, out _) : null;
    }

    /// <summary>Whether a request from an address may pass. Nobody knows where one without comes from, as over a Unix socket, and a file that was never good says nobody.</summary>
    public bool Admit(IPAddress? address) =>
        address is not null && !IsDenied(address) && ((_allow is null && _allowFile is null) || IsAllowed(address));

    private bool IsDenied(IPAddress address) =>
        (_deny is not null && _deny.Contains(address)) || (_denyFile is not null && _denyFile.Table?.Contains(address) is not false);

    private bool IsAllowed(IPAddress address) =>
        (_allow is not null && _allow.Contains(address)) || (_allowFile?.Table is { } table && table.Contains(address));
}
