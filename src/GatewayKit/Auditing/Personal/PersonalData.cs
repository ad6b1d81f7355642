using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Auditing.Personal;

/// <summary>How records name people: as they are, by pseudonyms, by the network they call from. Safe for concurrent use.</summary>
internal sealed class PersonalData
{
    // What pseudonyms are of.
    public const string Consumer = "sub";
    public const string Application = "app";
    public const string Credential = "key";
    public const string Address = "src";
    public const string Actor = "actor";

    // Texts of callers and addresses of the last while: some 100 bytes each.
    private const int MostRecent = 16_384;

    private readonly PseudonymKey? _key;
    private readonly PseudonymKey[] _all;
    private readonly bool _isCut;
    private readonly RecentValues<(string Type, string Value), byte[]> _names = new(MostRecent);
    private readonly RecentValues<IPAddress, byte[]> _addresses = new(MostRecent);

    private readonly int _sealed;

    private PersonalData(PersonalDataOptions options, PseudonymKey[] keys, DataKeys? dataKeys)
    {
        (_all, _isCut, Keys) = (keys, options.Addresses is RecordedAddress.Network, dataKeys);
        _sealed = dataKeys is null ? 0 : options.Encrypted.Aggregate(0, static (all, field) => all | (1 << (int)field));
        _key = Array.Find(keys, key => key.Epoch.Equals(options.Epoch, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Records have everything as it is.</summary>
    public static PersonalData Plain { get; } = new(new(), [], null);

    /// <summary>The epoch of the pseudonyms; <see langword="null"/> if there are none.</summary>
    public string? Epoch => _key?.Epoch;

    /// <summary>Reads the keys. They stay what they are for as long as the journal is open: a pseudonym says by which key it was made.</summary>
    /// <exception cref="InvalidDataException">A key is not there, or is none. The message says what can be done.</exception>
    public static PersonalData Open(PersonalDataOptions options, SecretReader secrets, Func<DataKeys>? dataKeys = null) =>
        new(options, [.. options.PseudonymKeys.Select(pair => new PseudonymKey(pair.Key, TryRead(pair.Key, pair.Value, secrets, out var fault) ?? throw new InvalidDataException(fault)))], options.Encrypted.Count > 0 ? dataKeys?.Invoke() : null);

    /// <summary>What is wrong with each of the keys.</summary>
    public static IEnumerable<string> FaultsOf(PersonalDataOptions options, SecretReader secrets)
    {
        foreach (var (epoch, reference) in options.PseudonymKeys)
        {
            _ = TryRead(epoch, reference, secrets, out var fault);
            if (fault is not null)
            {
                yield return fault;
            }
        }
    }

    /// <summary>The keys of personal parts; <see langword="null"/> if records have none.</summary>
    public DataKeys? Keys { get; }

    /// <summary>Whether something is encrypted.</summary>
    public bool Seals(PersonalField field) => (_sealed & (1 << (int)field)) != 0;

    /// <summary>Whether something is encrypted, and not outside by a pseudonym either.</summary>
    public bool Hides(PersonalField field) => _key is null && Seals(field);

    /// <summary>The member of a record that says who called.</summary>
    /// <param name="text">The record.</param>
    /// <param name="key">The key with what stands around it.</param>
    /// <param name="type">What it is.</param>
    /// <param name="value">The name.</param>
    public void WriteName(ref RecordText text, ReadOnlySpan<byte> key, string type, string value)
    {
        if (_key is null)
        {
            text.String(key, value);
            return;
        }

        var pseudonym = _names.Find((type, value));
        if (pseudonym is null)
        {
            _names.Add((type, value), pseudonym = Encoding.ASCII.GetBytes(_key.Make(type, value)));
        }

        text.Verbatim(key, pseudonym);
    }

    /// <summary>The member of a record that says from where.</summary>
    public void WriteAddress(ref RecordText text, ReadOnlySpan<byte> key, IPAddress address)
    {
        if (_key is null && !_isCut)
        {
            text.Address(key, PeerAddress.Plain(address));
            return;
        }

        var written = _addresses.Find(address);
        if (written is null)
        {
            _addresses.Add(address, written = Encoding.ASCII.GetBytes(AddressText(address)));
        }

        text.Verbatim(key, written);
    }

    /// <summary>A name as records have it.</summary>
    public string Name(string type, string value) => _key?.Make(type, value) ?? value;

    /// <summary>An address as records have it.</summary>
    public string AddressText(IPAddress address)
    {
        var shown = ShownAddress(address).ToString();
        return _key?.Make(Address, shown) ?? shown;
    }

    /// <summary>What of an address may be seen.</summary>
    public IPAddress ShownAddress(IPAddress address) => _isCut ? NetworkOf(PeerAddress.Plain(address)) : PeerAddress.Plain(address);

    /// <summary>A name in every form that records of this host may have it in: by each of the keys that are known, and as it is.</summary>
    public IEnumerable<string> NamesOf(string type, string value) => _all.Select(key => key.Make(type, value)).Append(value);

    private static IPAddress NetworkOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        bytes[(address.AddressFamily is AddressFamily.InterNetwork ? 3 : 6)..length].Clear();
        return new(bytes[..length]);
    }

    private static byte[]? TryRead(string epoch, SecretReference reference, SecretReader secrets, out string? fault)
    {
        fault = null;
        if (secrets.Read(reference, out var problem) is not { } value)
        {
            fault = $"PseudonymKeys.{epoch} is {reference}. {problem}";
            return null;
        }

        var key = new byte[value.Length];
        if (Convert.TryFromBase64String(value, key, out var length) && length >= PseudonymKey.LeastKeyBytes)
        {
            return key[..length];
        }

        fault = $"PseudonymKeys.{epoch}: what is at {reference} is no key. It has to be 32 random bytes or more in Base64, as \"openssl rand -base64 32\" makes them.";
        return null;
    }
}
