# One EC2 instance that serves Turtus. docs/operating/ec2.md says how it is used.

locals {
  ecr         = can(regex("\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com", var.registry))
  media_ports = var.media_ports == null ? "" : "${var.media_ports.from}-${var.media_ports.to}"

  # What people come by. Everything else stays closed.
  open = merge(
    {
      http  = { protocol = "tcp", from = 80, to = 80 }
      https = { protocol = "tcp", from = 443, to = 443 }
      relay = { protocol = "tcp", from = 3478, to = 3478 }
      turn  = { protocol = "udp", from = 3478, to = 3478 }
    },
    var.media_ports == null ? {} : {
      media     = merge({ protocol = "udp" }, var.media_ports)
      media_tcp = merge({ protocol = "tcp" }, var.media_ports)
    },
  )
}

data "aws_ec2_instance_type" "this" {
  instance_type = var.instance_type
}

data "aws_ami" "debian" {
  owners      = ["136693071363"] # Debian
  most_recent = true

  filter {
    name   = "name"
    values = ["debian-13-amd64-*", "debian-13-arm64-*"]
  }

  filter {
    name   = "architecture"
    values = data.aws_ec2_instance_type.this.supported_architectures
  }
}

resource "aws_security_group" "this" {
  name        = "turtus"
  description = "Turtus: web, relay and what else was opened"

  dynamic "ingress" {
    for_each = local.open
    content {
      description      = ingress.key
      protocol         = ingress.value.protocol
      from_port        = ingress.value.from
      to_port          = ingress.value.to
      cidr_blocks      = ["0.0.0.0/0"]
      ipv6_cidr_blocks = ["::/0"]
    }
  }

  dynamic "ingress" {
    for_each = var.ssh_from == "" ? [] : [var.ssh_from]
    content {
      description = "ssh"
      protocol    = "tcp"
      from_port   = 22
      to_port     = 22
      cidr_blocks = [ingress.value]
    }
  }

  egress {
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_instance" "this" {
  ami                         = data.aws_ami.debian.id
  instance_type               = var.instance_type
  key_name                    = var.ssh_key
  vpc_security_group_ids      = [aws_security_group.this.id]
  iam_instance_profile        = local.ecr ? aws_iam_instance_profile.this[0].name : null
  user_data_replace_on_change = false # data is on the disk of the instance

  user_data = templatefile("${path.module}/../user-data.yaml", {
    domain       = var.domain
    registry     = var.registry
    version      = var.image_version
    repository   = var.repository
    max_browsers = var.max_browsers
    media_ports  = local.media_ports
  })

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk
    encrypted   = true
  }

  # No container reaches the metadata over its bridge: the answer dies after one hop.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  lifecycle {
    ignore_changes = [ami, user_data] # a new image or first start would be a new disk

    precondition {
      condition     = var.registry != "" || var.repository != ""
      error_message = "Set registry, to which make publish pushed the images, or repository, to build them on the instance."
    }
  }

  tags = { Name = "turtus" }
}

resource "aws_eip" "this" {
  instance = aws_instance.this.id
  tags     = { Name = "turtus" }
}

resource "aws_route53_record" "this" {
  count   = var.zone_id == "" ? 0 : 1
  zone_id = var.zone_id
  name    = var.domain
  type    = "A"
  ttl     = 300
  records = [aws_eip.this.public_ip]
}

# The right to fetch images from ECR, and no other.
resource "aws_iam_role" "this" {
  count = local.ecr ? 1 : 0
  name  = "turtus"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  count      = local.ecr ? 1 : 0
  role       = aws_iam_role.this[0].name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
}

resource "aws_iam_instance_profile" "this" {
  count = local.ecr ? 1 : 0
  name  = "turtus"
  role  = aws_iam_role.this[0].name
}
